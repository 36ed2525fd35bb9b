-- Takes a queue away: its collections go to the trash as they are, its counters and other keys are deleted.
-- KEYS: 1 P pending
-- ARGV: 1 P; 2 '1' if its tasks may go with it; 3 name for the trash; from 4 on the dates of which there may be counters
-- Returns how many tasks it has, and how many of them are active. If there are any that keep it, nothing was done.
local P, force = ARGV[1], ARGV[2] == '1'
local active = redis_call('LLEN', P .. 'active')
local collections = {KEYS[1], P .. 'scheduled', P .. 'retry', P .. 'archived', P .. 'completed'}
local size = active + redis_call('LLEN', KEYS[1])
for i = 2, #collections do size = size + redis_call('ZCARD', collections[i]) end
for _, group in ipairs(redis_call('SMEMBERS', P .. 'groups')) do collections[#collections + 1] = P .. 'g:' .. group end
for _, key in ipairs(redis_call('ZRANGE', P .. 'aggregation_sets', 0, -1)) do collections[#collections + 1] = key end
for i = 6, #collections do size = size + redis_call('ZCARD', collections[i]) end
if active > 0 or (size > 0 and not force) then return {size, active} end

local trash = P .. 'windlass:trash'
for i, key in ipairs(collections) do
  if redis_call('EXISTS', key) == 1 then
    local name = trash .. ':' .. ARGV[3] .. ':' .. i
    redis_call('RENAME', key, name)
    redis_call('RPUSH', trash, name)
  end
end
redis_call('DEL', P .. 'lease', P .. 'groups', P .. 'aggregation_sets', P .. 'paused', P .. 'windlass:owners')
for _, name in ipairs({'processed', 'failed', 'windlass:expired'}) do
  local counters = {P .. name}
  for i = 4, #ARGV do counters[#counters + 1] = P .. name .. ':' .. ARGV[i] end
  redis_call('DEL', unpack(counters))
end
return {size, active}
