-- Puts back the tasks that a fetch took whose reply was lost, as the next to run. They never ran: no crash is counted.
-- KEYS: 1 P pending
-- ARGV: 1 P; 2 nonce of the fetch; 3 how many active tasks to look at, newest first; 4 now, ns
-- Returns how many were put back.
local P, nonce = ARGV[1], ARGV[2]
local n = 0
must_be('list', KEYS[1], P .. 'active')
must_be('zset', P .. 'lease')
for _, id in ipairs(redis_call('LRANGE', P .. 'active', 0, tonumber(ARGV[3]) - 1)) do
  local key = P .. 't:' .. id
  local h = fields_of(key, 'state', 'w:run')
  local found, lease = parse_run(h[2])
  if h[1] == 'active' and found == nonce and
      tonumber(redis_call('ZSCORE', P .. 'lease', id) or -1) == math.floor(lease / 1000000) then
    redis_call('LREM', P .. 'active', 1, id)
    redis_call('ZREM', P .. 'lease', id)
    redis_call('RPUSH', KEYS[1], id)
    redis_call('HSET', key, 'state', 'pending', 'pending_since', ARGV[4], 'w:back', nonce)
    redis_call('HDEL', key, 'w:run')
    n = n + 1
  end
end
return n
