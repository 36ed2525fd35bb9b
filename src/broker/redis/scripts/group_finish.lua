-- Removes the tasks of an aggregation set, and stores the task that was made of them. enqueue() stands before: it is enqueue.lua.
-- KEYS: 1 P pending; 2 key of the set
-- ARGV: as enqueue.lua, with one task or none
-- Returns 0 if nobody holds the set any more; else 1, the answer of enqueue.lua (1 if there is no task), and 1 if tasks of the set
--   are in the trash. If that answer is not 1, the set stays as it is.
local P, set_key = ARGV[1], KEYS[2]
local AT_ONCE = 250
must_be('zset', P .. 'aggregation_sets', set_key)
must_be('list', P .. 'windlass:trash')
if not redis_call('ZSCORE', P .. 'aggregation_sets', set_key) then return {0} end
local size = redis_call('ZCARD', set_key)

local answer = enqueue()[1] or 1
if type(answer) == 'table' then return answer end
if answer ~= 1 then return {1, answer, 0} end

redis_call('ZREM', P .. 'aggregation_sets', set_key)
if size > AT_ONCE then
  local trash = P .. 'windlass:trash'
  local name = trash .. ':' .. string.match(set_key, '[^:]*$')
  redis_call('RENAME', set_key, name)
  redis_call('RPUSH', trash, name)
  return {1, answer, 1}
end
for _, id in ipairs(redis_call('ZRANGE', set_key, 0, -1)) do
  release_lock(P, id)
  redis_call('DEL', P .. 't:' .. id)
end
redis_call('DEL', set_key)
return {1, answer, 0}
