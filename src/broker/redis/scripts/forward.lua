-- Moves due tasks of one queue, soonest first, to pending or into their groups (Asynq's forward, for both sorted sets).
-- KEYS: 1 P pending
-- ARGV: 1 P; 2 now, ns; 3 now, s; 4 how many at most (0: none, just say when the next is due); 5 a random number
-- Returns how many were moved; 1 if more may be due, else 0; why some of them wait for another minute ('' if none does: the key of
-- their group is of another type); and, if any are left, when the next is due, as second and
-- nanoseconds. Among many tasks of one second the next is not looked for: it is said to be due at its start, or a while
-- from now.
local P, now, now_s, max = ARGV[1], ARGV[2], ARGV[3], tonumber(ARGV[4])
local sources = {P .. 'scheduled', P .. 'retry'}
local now_fraction = tonumber(string.sub(now, -9))
local LOOKED_AT_FOR_NEXT, NS_PER_LOOK, WAIT_S = 100, 5000, 60
must_be('list', KEYS[1])
must_be('zset', sources[1], sources[2])
must_be('set', P .. 'groups')

local wrong_groups = {}
local function wrong_group(group)
  if wrong_groups[group] == nil then wrong_groups[group] = wrong_type(P .. 'g:' .. group, 'zset') or false end
  return wrong_groups[group]
end

local found = find_due(P, sources, {'state', 'group', 'w:group'}, now_s, now_fraction, max, tonumber(ARGV[5]))
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
for _, item in ipairs(waiting) do
  local second = integer(tonumber(now_s) + WAIT_S)
  redis_call('HSET', P .. 't:' .. item.id, 'w:at', second .. string.sub(now, -9))
  redis_call('ZADD', sources[item.from], second, item.id)
end

local function nearest_in(second)
  local nearest, n = nil, 0
  for _, key in ipairs(sources) do
    local ids = redis_call('ZRANGEBYSCORE', key, second, second, 'LIMIT', 0, LOOKED_AT_FOR_NEXT + 1)
    n = n + #ids
    if n > LOOKED_AT_FOR_NEXT then return 0 end
    for _, id in ipairs(ids) do
      local fraction = fraction_in(second, fields_of(P .. 't:' .. id, 'w:at')[1])
      if not nearest or fraction < nearest then nearest = fraction end
    end
  end
  return nearest or 0
end

-- Of the present second, which was looked at. Many tasks are not looked at again at once: that would keep Redis busy.
local function nearest_now()
  if found.nearest <= now_fraction or found.looked <= LOOKED_AT_FOR_NEXT then return found.nearest end
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
