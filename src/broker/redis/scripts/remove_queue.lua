-- Takes a queue away: its collections go to the trash as they are, its counters and other keys are deleted.
-- KEYS: 1 P pending
-- ARGV: 1 P; 2 '1' if its tasks may go with it; 3 name for the trash; from 4 on the dates of which there may be counters
-- Returns how many tasks it has, how many of them are active, and 1 if this is to be called again, with another name: of many
--   groups some go at a time, before all else. If there are tasks that keep the queue, they are not removed
--   (and not counted to the end where there are many groups).
local P, force = ARGV[1], ARGV[2] == '1'
local SOME = 250
local groups_key, sets_key, trash = P .. 'groups', P .. 'aggregation_sets', P .. 'windlass:trash'
local zsets = {P .. 'scheduled', P .. 'retry', P .. 'archived', P .. 'completed'}

must_be('list', KEYS[1], P .. 'active', trash)
must_be('zset', sets_key, unpack(zsets))
must_be('set', groups_key)

local active = redis_call('LLEN', P .. 'active')
local size = active + redis_call('LLEN', KEYS[1])
for _, key in ipairs(zsets) do size = size + redis_call('ZCARD', key) end

local names = redis_call('SRANDMEMBER', groups_key, SOME)
local sets = redis_call('ZRANGE', sets_key, 0, SOME - 1)
local parts = {}
for i, name in ipairs(names) do parts[i] = P .. 'g:' .. name end
for _, key in ipairs(sets) do parts[#parts + 1] = key end
must_be('zset', unpack(parts))
for _, key in ipairs(parts) do size = size + redis_call('ZCARD', key) end
if active > 0 or (size > 0 and not force) then return {size, active, 0} end

local function throw_away(key, name)
  if redis_call('EXISTS', key) == 0 then return end
  redis_call('RENAME', key, name)
  redis_call('RPUSH', trash, name)
end

for i, key in ipairs(parts) do throw_away(key, trash .. ':' .. ARGV[3] .. ':' .. i) end
if #names > 0 then redis_call('SREM', groups_key, unpack(names)) end
if #sets > 0 then redis_call('ZREM', sets_key, unpack(sets)) end
if redis_call('EXISTS', groups_key, sets_key) > 0 then return {size, active, 1} end

throw_away(KEYS[1], trash .. ':' .. ARGV[3] .. ':pending')
for i, key in ipairs(zsets) do throw_away(key, trash .. ':' .. ARGV[3] .. ':state' .. i) end
redis_call('DEL', P .. 'lease', P .. 'paused', P .. 'windlass:owners', P .. 'windlass:samples')
-- In a cluster, where ticks stand with the queue.
redis_call('UNLINK', P .. 'windlass:ticks')
for _, name in ipairs({'processed', 'failed', 'windlass:expired'}) do
  local counters = {P .. name}
  for i = 4, #ARGV do counters[#counters + 1] = P .. name .. ':' .. ARGV[i] end
  redis_call('DEL', unpack(counters))
end
return {size, active, 0}
