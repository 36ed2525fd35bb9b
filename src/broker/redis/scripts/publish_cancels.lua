-- Publishes messages one right behind the other.
-- KEYS: 1 says which node of a cluster publishes; nothing is there
-- ARGV: channel and message of each, alternating
for i = 1, #ARGV, 2 do redis_call('PUBLISH', ARGV[i], ARGV[i + 1]) end
return redis.status_reply('OK')
