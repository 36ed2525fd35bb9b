-- Notes in a list of records that one of them lasts for so long from now, on Redis' clock, and drops those that ended
-- long ago.
-- KEYS: 1 the list, a sorted set; score: when they end, s, rounded up
-- ARGV: 1 member; 2 how long it lasts, ms; 3 how long others stay after their end, s
local now = time_us()
redis_call('ZADD', KEYS[1], integer(math.ceil((now + tonumber(ARGV[2]) * 1000) / 1000000)), ARGV[1])
redis_call('ZREMRANGEBYSCORE', KEYS[1], '-inf', integer(math.floor(now / 1000000) - tonumber(ARGV[3])))
return redis.status_reply('OK')
