-- The numbers of a queue.
-- KEYS: 1 P pending
-- ARGV: 1 P; 2 date (UTC)
-- Returns: sizes of pending, active, scheduled, retry, archived, completed and aggregating; groups with waiting tasks; 1 if paused;
--   processed, failed, expired on that day; the same in all; since when (ns) the next task is pending, or false; bytes of memory,
--   estimated as Asynq does
local P, date = ARGV[1], ARGV[2]
local SAMPLE, SAMPLE_GROUPS = 20, 5
local out = {}
local memory = 0

-- 0 where the command is not allowed.
local function memory_of(key)
  local bytes = redis.pcall('MEMORY', 'USAGE', key)
  return type(bytes) == 'number' and bytes or 0
end

must_be('list', KEYS[1], P .. 'active')
must_be('zset', P .. 'scheduled', P .. 'retry', P .. 'archived', P .. 'completed', P .. 'aggregation_sets')
must_be('set', P .. 'groups')
for _, name in ipairs({'processed', 'failed', 'windlass:expired'}) do must_be('string', P .. name, P .. name .. ':' .. date) end

local function memory_of_tasks(ids)
  local sum = 0
  for _, id in ipairs(ids) do sum = sum + memory_of(P .. 't:' .. id) end
  return sum
end

for _, name in ipairs({'pending', 'active', 'scheduled', 'retry', 'archived', 'completed'}) do
  local key = P .. name
  local is_list = name == 'pending' or name == 'active'
  local size = redis_call(is_list and 'LLEN' or 'ZCARD', key)
  out[#out + 1] = size
  if size > 0 then
    local ids = redis_call(is_list and 'LRANGE' or 'ZRANGE', key, 0, SAMPLE - 1)
    memory = memory + memory_of_tasks(ids) / #ids * size + memory_of(key)
  end
end

local aggregating, groups, sampled, sampled_bytes = 0, 0, 0, 0
local function add_group(key)
  local size = redis_call('ZCARD', key)
  aggregating = aggregating + size
  if size > 0 and sampled < SAMPLE * SAMPLE_GROUPS then
    local ids = redis_call('ZRANGE', key, 0, SAMPLE - 1)
    sampled = sampled + #ids
    sampled_bytes = sampled_bytes + memory_of_tasks(ids)
  end
  return size > 0
end
for _, name in ipairs(redis_call('SMEMBERS', P .. 'groups')) do
  if add_group(P .. 'g:' .. name) then groups = groups + 1 end
end
for _, key in ipairs(redis_call('ZRANGE', P .. 'aggregation_sets', 0, -1)) do add_group(key) end
if sampled > 0 then memory = memory + sampled_bytes / sampled * aggregating end

out[#out + 1] = aggregating
out[#out + 1] = groups
out[#out + 1] = redis_call('EXISTS', P .. 'paused')
for _, day in ipairs({':' .. date, ''}) do
  for _, name in ipairs({'processed', 'failed', 'windlass:expired'}) do
    out[#out + 1] = redis_call('GET', P .. name .. day) or 0
  end
end
local next_id = redis_call('LINDEX', KEYS[1], -1)
out[#out + 1] = next_id and fields_of(P .. 't:' .. next_id, 'pending_since')[1] or false
out[#out + 1] = integer(memory)
return out
