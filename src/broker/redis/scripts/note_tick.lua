-- Moves the greatest nominal time of a periodic entry on.
-- KEYS: 1 asynq:windlass:ticks
-- ARGV: 1 entry; 2 nominal time, ns
local last = redis_call('HGET', KEYS[1], ARGV[1])
if not last or less(last, ARGV[2]) then redis_call('HSET', KEYS[1], ARGV[1], ARGV[2]) end
return redis.status_reply('OK')
