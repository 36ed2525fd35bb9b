-- Writes results and progress of running tasks of one queue.
-- KEYS: 1 P lease
-- ARGV: 1 P; then for each: id, nonce, result ('-', or '+' and the bytes), progress ('-', or '+' and PERCENT:TEXT)
-- A lost lease is passed over.
local P = ARGV[1]
must_be('zset', KEYS[1])
for i = 2, #ARGV, 4 do
  local id, nonce, result, progress = ARGV[i], ARGV[i + 1], ARGV[i + 2], ARGV[i + 3]
  local key = P .. 't:' .. id
  local h = fields_of(key, 'state', 'w:run')
  local found, lease = parse_run(h[2])
  local held = h[1] == 'active' and found == nonce and redis_call('ZSCORE', KEYS[1], id)
  if held and tonumber(held) == math.floor(lease / 1000000) then
    if string.byte(result) == 43 then redis_call('HSET', key, 'result', string.sub(result, 2)) end
    if string.byte(progress) == 43 then
      redis_call('HSET', key, 'w:progress', nonce .. ':' .. string.sub(progress, 2))
    end
  end
end
return redis.status_reply('OK')
