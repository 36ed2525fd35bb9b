-- Stores tasks of one queue as they were elsewhere, in any state but active.
-- KEYS: 1 P pending
-- ARGV: 1 P; 2 now, ns; 3 now, s; then for each: id, state, msg, w:x, score (s) and exact time (ns) in the zset of its state, w:fail or
--   '', result ('-', or '+' and the bytes), w:crashes, group or '', lock key or '', how long the lock holds (ms), until when (ns)
-- Returns for each task: 1 stored, 0 the id is taken, the id that holds the lock, or an error where the key of its group is of another
--   type.
local P, now, now_s = ARGV[1], ARGV[2], ARGV[3]
must_be('list', KEYS[1])
must_be('zset', P .. 'scheduled', P .. 'retry', P .. 'archived', P .. 'completed')
must_be('set', P .. 'groups')

local pending = {}
local function store(key, id, state, at)
  local msg, exact, fail, result, crashes = ARGV[at + 2], ARGV[at + 3], ARGV[at + 6], ARGV[at + 7], ARGV[at + 8]
  local group, lock = ARGV[at + 9], ARGV[at + 10]
  local fields = {'msg', msg, 'state', state, 'w:x', exact}
  local function add(name, value)
    fields[#fields + 1] = name
    fields[#fields + 1] = value
  end
  if fail ~= '' then add('w:fail', fail) end
  if string.byte(result) == 43 then add('result', string.sub(result, 2)) end
  if crashes ~= '0' then add('w:crashes', crashes) end
  if lock ~= '' then
    redis_call('SET', lock, id, 'PX', ARGV[at + 11])
    add('unique_key', lock)
    add('w:lock', ARGV[at + 12])
  end
  if state == 'pending' then
    add('pending_since', now)
    pending[#pending + 1] = id
  elseif state == 'aggregating' then
    add('group', group)
    add('w:at', now)
    redis_call('ZADD', P .. 'g:' .. group, now_s, id)
    redis_call('SADD', P .. 'groups', group)
  else
    add('w:at', ARGV[at + 5])
    if group ~= '' then add('w:group', group) end
    redis_call('ZADD', P .. state, ARGV[at + 4], id)
  end
  redis_call('HSET', key, unpack(fields))
  return 1
end

local function restore(at)
  local id, state, group, lock = ARGV[at], ARGV[at + 1], ARGV[at + 9], ARGV[at + 10]
  local key = P .. 't:' .. id
  local wrong = state == 'aggregating' and wrong_type(P .. 'g:' .. group, 'zset')
  if wrong then return wrong end
  local holder = lock ~= '' and redis.pcall('GET', lock)
  if type(holder) == 'string' then return holder end
  if redis_call('EXISTS', key) == 1 then return 0 end
  return store(key, id, state, at)
end

local out = {}
for at = 4, #ARGV, 13 do out[#out + 1] = restore(at) end
if #pending > 0 then redis_call('LPUSH', KEYS[1], unpack(pending)) end
return out
