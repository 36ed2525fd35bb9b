-- Moves due tasks of one queue, soonest first, to pending or into their groups (Asynq's forward, for both sorted sets).
-- KEYS: 1 P pending
-- ARGV: 1 P; 2 now, ns; 3 now, s; 4 how many at most (0: none, just say when the next is due); 5 a random number
-- Returns how many were moved; 1 if more may be due, else 0; why some of them wait for another minute ('' if none does: the key of
-- their group is of another type); and, if any are left, when the next is due, as second and
-- nanoseconds. Among many tasks of a later second the next is not looked for: it is said to be due at its start.
--
-- The forwarders of all servers come for each task at its nanosecond. So that they do not read all tasks of the present second each
-- time, that second has a side key where its tasks are sorted by their exact times, if they are many. It is made by the first that
-- comes. It only says at which tasks to look: what moves a task is its place in a set of Asynq and its own time. Who adds tasks or takes
-- some away need not know of it: the numbers do not agree then, and what is missing is added. Only where one goes and another
-- comes before the next look, the new one is found when its second is over.
local P, now, now_s, max = ARGV[1], ARGV[2], ARGV[3], tonumber(ARGV[4])
local sources = {P .. 'scheduled', P .. 'retry'}
local now_fraction = tonumber(string.sub(now, -9))
local LOOKED_AT_FREELY, NS_PER_LOOK, WAIT_S, INDEX_KEPT_S = 100, 5000, 60, 10
local fields, random = {'state', 'group', 'w:group'}, tonumber(ARGV[5])
local index = P .. 'windlass:due:' .. now_s
must_be('list', KEYS[1])
must_be('zset', sources[1], sources[2], index)
must_be('set', P .. 'groups')

local wrong_groups = {}
local function wrong_group(group)
  if wrong_groups[group] == nil then wrong_groups[group] = wrong_type(P .. 'g:' .. group, 'zset') or false end
  return wrong_groups[group]
end

-- Adds the tasks of the present second that are not in the index, or some of them if they are very many.
local function complete_index(found, counts)
  for from, key in ipairs(sources) do
    local ids, missing = ids_of_second(key, now_s, counts[from], random), {}
    local known = #ids > 0 and redis_call('ZMSCORE', index, unpack(ids))
    for i, id in ipairs(ids) do
      if not known[i] then
        missing[#missing + 1] = fraction_in(now_s, fields_of(P .. 't:' .. id, 'w:at')[1])
        missing[#missing + 1] = id
      end
    end
    if #missing > 0 then redis_call('ZADD', index, unpack(missing)) end
    found.looked = found.looked + #ids
    found.unseen = found.unseen or counts[from] > FEW
  end
  redis_call('EXPIRE', index, INDEX_KEPT_S)
end

-- Of these ids, taken from the index, the tasks that are due. Those that are not of this second any more leave the index.
local function take_from_index(found, ids)
  local gone, scores = {}, {}
  for from, key in ipairs(sources) do scores[from] = redis_call('ZMSCORE', key, unpack(ids)) end
  for i, id in ipairs(ids) do
    local from = nil
    for n = 1, #sources do
      if scores[n][i] and tonumber(scores[n][i]) == tonumber(now_s) then from = n end
    end
    local item = from and read_item(P, fields, from, i, id, now_s)
    if not item then
      gone[#gone + 1] = id
    elseif item.fraction <= now_fraction then
      found.due[#found.due + 1] = item
    else
      redis_call('ZADD', index, item.fraction, id)
    end
  end
  if #gone > 0 then redis_call('ZREM', index, unpack(gone)) end
end

local function take_present(found, counts)
  local n, indexed = counts[1] + counts[2], redis_call('ZCARD', index)
  if indexed > n then redis_call('DEL', index) end
  if indexed ~= n then complete_index(found, counts) end
  local ids = redis_call('ZRANGEBYSCORE', index, '-inf', now_fraction, 'LIMIT', 0, max + 1)
  if #ids > 0 then take_from_index(found, ids) end
  found.more = #ids > max
  found.indexed = true
  found.nearest = tonumber(redis_call('ZRANGEBYSCORE', index, '(' .. now_fraction, '+inf', 'WITHSCORES', 'LIMIT', 0, 1)[2])
end

local found = find_due(P, sources, fields, now_s, now_fraction, max, random, take_present)
local pending, moved, waiting, why = {}, 0, {}, ''
for _, item in ipairs(found.due) do
  local id, state, group = item.id, item.fields[2], item.fields[4] or item.fields[3]
  -- An id without a task just goes.
  if state then
    local wrong = group and group ~= '' and wrong_group(group)
    if wrong then
      waiting[#waiting + 1] = item
      why = wrong.err
    elseif group and group ~= '' then
      moved = moved + 1
      redis_call('HSET', P .. 't:' .. id, 'state', 'aggregating', 'group', group, 'w:at', now)
      redis_call('ZADD', P .. 'g:' .. group, now_s, id)
      redis_call('SADD', P .. 'groups', group)
    else
      moved = moved + 1
      redis_call('HSET', P .. 't:' .. id, 'state', 'pending', 'pending_since', now)
      pending[#pending + 1] = id
    end
  end
end
if #pending > 0 then redis_call('LPUSH', KEYS[1], unpack(pending)) end
remove_due(sources, found)
if found.indexed and #found.due > 0 then
  local ids = {}
  for i, item in ipairs(found.due) do ids[i] = item.id end
  redis_call('ZREM', index, unpack(ids))
end
for _, item in ipairs(waiting) do
  local second = integer(tonumber(now_s) + WAIT_S)
  redis_call('HSET', P .. 't:' .. item.id, 'w:at', second .. string.sub(now, -9))
  redis_call('ZADD', sources[item.from], second, item.id)
end

local function nearest_in(second)
  local nearest, n = nil, 0
  for _, key in ipairs(sources) do
    local ids = redis_call('ZRANGEBYSCORE', key, second, second, 'LIMIT', 0, FEW_READ + 1)
    n = n + #ids
    if n > FEW_READ then return 0 end
    for _, id in ipairs(ids) do
      local fraction = fraction_in(second, fields_of(P .. 't:' .. id, 'w:at')[1])
      if not nearest or fraction < nearest then nearest = fraction end
    end
  end
  return nearest or 0
end

-- Of the present second, which was looked at. Many tasks are not looked at again at once: that would keep Redis busy.
local function nearest_now()
  if found.nearest <= now_fraction or found.looked <= LOOKED_AT_FREELY then return found.nearest end
  local later = now_fraction + found.looked * NS_PER_LOOK
  return found.unseen and later or math.max(found.nearest, later)
end

local head
for _, key in ipairs(sources) do
  local score = redis_call('ZRANGE', key, 0, 0, 'WITHSCORES')[2]
  local second = score and math.ceil(tonumber(score))
  if second and (not head or second < head) then head = second end
end
local out = {moved, found.more and 1 or 0, why}
if head then
  out[4] = integer(head)
  out[5] = out[4] == now_s and found.nearest and nearest_now() or nearest_in(out[4])
end
return out
