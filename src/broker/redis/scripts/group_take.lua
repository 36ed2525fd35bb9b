-- Looks at some groups, and when all have been looked at takes the tasks of the first one (by name) that is ready out of it. Sets
-- whose hold has ended go back first.
-- KEYS: 1 P groups
-- ARGV: 1 P; 2 now, ns; 3 the first task of a ready group joined by then (ns; '' if that is no rule); 4 the second of that; 5 the
--   last one joined by then (ns); 6 the second of that; 7 this many make a group ready, and no more are taken (0: no limit); 8 when
--   the set goes back, s, rounded up; 9 name of the set; 10 where to go on ('0': at the beginning); 11 the first ready one so far, or ''
-- Returns where to go on ('0': that was all), and the first ready group so far, or ''. After the last ones it is taken, if it still is
--   ready; else ''.
local P = ARGV[1]
local size_max = tonumber(ARGV[7])
local SOME, GROUPS = 1000, 250
must_be('set', KEYS[1])
must_be('zset', P .. 'aggregation_sets')
if ARGV[10] == '0' then reclaim_sets(P, ARGV[2]) end

-- Whether tasks of the second `score` joined by `limit` (ns, and its second): all of them, or any. Looks at SOME of them at most.
local function joined_by(key, score, limit, limit_s, all)
  if tonumber(score) ~= tonumber(limit_s) then return tonumber(score) < tonumber(limit_s) end
  for _, id in ipairs(redis_call('ZRANGEBYSCORE', key, score, score, 'LIMIT', 0, SOME)) do
    local in_time = not less(limit, exact_ns(score, fields_of(P .. 't:' .. id, 'w:at')[1]))
    if in_time ~= all then return in_time end
  end
  return all
end

local function is_ready(key, size)
  if size_max > 0 and size >= size_max then return true end
  local first = redis_call('ZRANGE', key, 0, 0, 'WITHSCORES')
  if ARGV[3] ~= '' and joined_by(key, first[2], ARGV[3], ARGV[4], false) then return true end
  local last = redis_call('ZRANGE', key, -1, -1, 'WITHSCORES')
  return joined_by(key, last[2], ARGV[5], ARGV[6], true)
end

-- The first n of the tasks of one second, in the order of their exact times if they are not too many.
local function first_of_second(key, score, n)
  local ids = redis_call('ZRANGEBYSCORE', key, score, score, 'LIMIT', 0, math.max(n, SOME + 1))
  if #ids > SOME or #ids <= n then return {unpack(ids, 1, math.min(n, #ids))} end
  local at, order = {}, {}
  for i, id in ipairs(ids) do
    at[id], order[id] = exact_ns(score, fields_of(P .. 't:' .. id, 'w:at')[1]), i
  end
  table.sort(ids, function(a, b)
    if at[a] ~= at[b] then return less(at[a], at[b]) end
    return order[a] < order[b]
  end)
  return {unpack(ids, 1, n)}
end

-- Moves the oldest size_max tasks.
local function take_oldest(key, set_key)
  local score = redis_call('ZRANGE', key, size_max - 1, size_max - 1, 'WITHSCORES')[2]
  local before = redis_call('ZCOUNT', key, '-inf', '(' .. score)
  local ids = first_of_second(key, score, math.min(size_max - before, 7000))
  for moved = 0, before - 1, SOME do
    local entries = redis_call('ZRANGE', key, 0, math.min(SOME, before - moved) - 1, 'WITHSCORES')
    local pairs_of = {}
    for i = 1, #entries, 2 do pairs_of[i], pairs_of[i + 1] = entries[i + 1], entries[i] end
    redis_call('ZADD', set_key, unpack(pairs_of))
    redis_call('ZREMRANGEBYRANK', key, 0, #entries / 2 - 1)
  end
  for _, id in ipairs(ids) do redis_call('ZADD', set_key, score, id) end
  redis_call('ZREM', key, unpack(ids))
end

-- How many tasks the group has; nil where its key is of another type, so that nobody can take it.
local function size_of(key)
  local size = redis.pcall('ZCARD', key)
  return type(size) == 'number' and size or nil
end

local found = redis_call('SSCAN', KEYS[1], ARGV[10], 'COUNT', GROUPS)
local name = ARGV[11]
for _, other in ipairs(found[2]) do
  local key = P .. 'g:' .. other
  local size = size_of(key)
  if size == 0 then
    redis_call('SREM', KEYS[1], other)
  elseif size and (name == '' or bytes_less(other, name)) and is_ready(key, size) then
    name = other
  end
end
if found[1] ~= '0' or name == '' then return {found[1], name} end

local key = P .. 'g:' .. name
local size = size_of(key) or 0
-- One that was found in an earlier run may have been taken meanwhile.
if name == ARGV[11] and (size == 0 or not is_ready(key, size)) then return {'0', ''} end
local set_key = key .. ':' .. ARGV[9]
if size_max == 0 or size <= size_max then
  redis_call('RENAME', key, set_key)
  redis_call('SREM', KEYS[1], name)
else
  take_oldest(key, set_key)
end
redis_call('ZADD', P .. 'aggregation_sets', ARGV[8], set_key)
return {'0', name}
