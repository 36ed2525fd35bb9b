-- Writes a record that ends by itself, in the place of an older one.
-- KEYS: 1 the record
-- ARGV: 1 how long it is kept, ms; 2 what it is: 'string', 'hash' or 'list'; then its value, its fields and values, or
--   its values (the last one comes first in the list)
local key, kind, PIECE = KEYS[1], ARGV[2], 4000
redis_call('DEL', key)
if kind == 'string' then
  redis_call('SET', key, ARGV[3])
else
  for i = 3, #ARGV, PIECE do
    redis_call(kind == 'hash' and 'HSET' or 'LPUSH', key, unpack(ARGV, i, math.min(i + PIECE - 1, #ARGV)))
  end
end
-- Redis keeps a key through the millisecond of its end.
redis_call('PEXPIRE', key, integer(tonumber(ARGV[1]) - 1))
return redis.status_reply('OK')
