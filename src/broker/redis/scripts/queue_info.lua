-- The numbers of a queue.
-- KEYS: 1 P pending
-- ARGV: 1 P; 2 date (UTC); 3 where to go on with groups and aggregation sets; '' for the first time
-- Returns of some of the groups and sets: where to go on ('' if these were the last), how many tasks are in them, how many groups have
--   tasks, bytes of some of their tasks, and how many these are. The first time also: sizes of pending, active, scheduled, retry,
--   archived and completed; bytes of their memory, estimated as Asynq does; 1 if paused; processed, failed, expired on that day; the
--   same in all; since when (ns) the next task is pending, or false.
local P, date, place = ARGV[1], ARGV[2], ARGV[3]
local SAMPLE, SAMPLE_GROUPS, GROUPS = 20, 5, 500

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

local function add_queue(out)
  local memory = 0
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
  out[#out + 1] = integer(memory)
  out[#out + 1] = redis_call('EXISTS', P .. 'paused')
  for _, day in ipairs({':' .. date, ''}) do
    for _, name in ipairs({'processed', 'failed', 'windlass:expired'}) do
      out[#out + 1] = redis_call('GET', P .. name .. day) or 0
    end
  end
  local next_id = redis_call('LINDEX', KEYS[1], -1)
  out[#out + 1] = next_id and fields_of(P .. 't:' .. next_id, 'pending_since')[1] or false
end

local looked, aggregating, groups, sampled, sampled_bytes = 0, 0, 0, 0, 0
local function add_group(key)
  must_be('zset', key)
  local size = redis_call('ZCARD', key)
  looked = looked + 1
  aggregating = aggregating + size
  if size > 0 and sampled < SAMPLE * SAMPLE_GROUPS then
    local ids = redis_call('ZRANGE', key, 0, SAMPLE - 1)
    sampled = sampled + #ids
    sampled_bytes = sampled_bytes + memory_of_tasks(ids)
  end
  return size > 0
end

-- A place is a letter, 'g' for groups or 's' for sets, and a cursor of Redis.
local letter, cursor = string.match(place, '^(.)(.*)$')
if not letter then letter, cursor = 'g', '0' end
while letter == 'g' and looked < GROUPS do
  local found = redis_call('SSCAN', P .. 'groups', cursor, 'COUNT', GROUPS)
  cursor = found[1]
  for _, name in ipairs(found[2]) do
    if add_group(P .. 'g:' .. name) then groups = groups + 1 end
  end
  if cursor == '0' then letter = 's' end
end
while letter == 's' and looked < GROUPS do
  local found = redis_call('ZSCAN', P .. 'aggregation_sets', cursor, 'COUNT', GROUPS)
  cursor = found[1]
  for i = 1, #found[2], 2 do add_group(found[2][i]) end
  if cursor == '0' then letter = nil end
end

local out = {letter and letter .. cursor or '', aggregating, groups, integer(sampled_bytes), sampled}
if place == '' then add_queue(out) end
return out
