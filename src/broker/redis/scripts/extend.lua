-- Extends leases of one queue.
-- KEYS: 1 P lease
-- ARGV: 1 P; 2 lease, us, from now; then id and nonce of each
-- Returns for each 1 if it was extended, 0 if the lease is lost.
local P = ARGV[1]
must_be('zset', KEYS[1])
local ends = time_us() + tonumber(ARGV[2])
local score = integer(math.floor(ends / 1000000))
local out = {}
for i = 3, #ARGV, 2 do
  local id, nonce = ARGV[i], ARGV[i + 1]
  local key = P .. 't:' .. id
  local h = fields_of(key, 'state', 'w:run')
  local found, lease, started, owner = parse_run(h[2])
  local held = h[1] == 'active' and found == nonce and redis_call('ZSCORE', KEYS[1], id)
  if held and tonumber(held) == math.floor(lease / 1000000) then
    redis_call('ZADD', KEYS[1], 'XX', score, id)
    redis_call('HSET', key, 'w:run', nonce .. ':' .. integer(ends) .. ':' .. started .. ':' .. owner)
    out[#out + 1] = 1
  else
    out[#out + 1] = 0
  end
end
return out
