-- Takes pending tasks of one queue, oldest first (Asynq's dequeue, for many).
-- KEYS: 1 P pending
-- ARGV: 1 P; 2 how many at most; 3 nonce; 4 lease, us; 5 now, ns; 6 owner
-- Returns five values for each task: id, msg, w:x or false, w:crashes or false, w:fail or false, in the order of taking.
local P, nonce, lease, owner = ARGV[1], ARGV[3], tonumber(ARGV[4]), ARGV[6]
if redis_call('EXISTS', P .. 'paused') == 1 then return {} end
must_be('list', KEYS[1])
local ids = redis_call('LRANGE', KEYS[1], -tonumber(ARGV[2]), -1)
if #ids == 0 then return {} end
must_be('list', P .. 'active')
must_be('zset', P .. 'lease')
must_be('set', P .. 'windlass:owners')

-- Redis keeps a sorted set of up to 128 short members as a list, in which it looks for the place of each new one from the start. After
-- one long member it is a tree, as long as it is not empty. For a few that is not worth two commands more.
local MANY, LONG_MEMBER = 16, string.rep('-', 65)
local function add_leases(key, leases)
  if #leases < 2 * MANY then return redis_call('ZADD', key, unpack(leases)) end
  redis_call('ZADD', key, 0, LONG_MEMBER, unpack(leases))
  redis_call('ZREM', key, LONG_MEMBER)
end

local ends = time_us() + lease
local score = integer(math.floor(ends / 1000000))
local run = nonce .. ':' .. integer(ends) .. ':' .. ARGV[5] .. ':' .. owner
local out, active, leases = {}, {}, {}
for i = #ids, 1, -1 do
  local id = ids[i]
  local key = P .. 't:' .. id
  local h = fields_of(key, 'msg', 'w:x', 'w:crashes', 'w:fail')
  if h[1] then
    redis_call('HSET', key, 'state', 'active', 'w:run', run)
    redis_call('HDEL', key, 'pending_since', 'w:back')
    active[#active + 1] = id
    leases[#leases + 1] = score
    leases[#leases + 1] = id
    local n = #out
    out[n + 1], out[n + 2], out[n + 3], out[n + 4], out[n + 5] = id, h[1], h[2], h[3], h[4]
  else
    -- A ghost: an id without a task.
    redis_call('DEL', key)
  end
end
redis_call('LTRIM', KEYS[1], 0, -(#ids + 1))
if #active > 0 then
  redis_call('LPUSH', P .. 'active', unpack(active))
  add_leases(P .. 'lease', leases)
  redis_call('SADD', P .. 'windlass:owners', owner)
end
return out
