-- Moves due tasks of one queue, soonest first, to pending or into their groups (Asynq's forward, for both sorted sets).
-- KEYS: 1 P pending
-- ARGV: 1 P; 2 now, ns; 3 now, s; 4 how many at most (0: none, just say when the next is due); 5 a random number
-- Returns how many were moved; 1 if more may be due, else 0; and, if any are left, when the next is due, as second and
-- nanoseconds. Among many tasks of one second the next is not looked for: it is said to be due at its start, or a while
-- from now.
local P, now, now_s, max = ARGV[1], ARGV[2], ARGV[3], tonumber(ARGV[4])
local sources = {P .. 'scheduled', P .. 'retry'}
local now_fraction = tonumber(string.sub(now, -9))
local LOOKED_AT_FOR_NEXT, NS_PER_LOOK = 100, 5000
-- Keys of another type stop the script here, before it has written.
redis_call('LLEN', KEYS[1])
redis_call('SCARD', P .. 'groups')

local found = find_due(P, sources, {'state', 'group', 'w:group'}, now_s, now_fraction, max, tonumber(ARGV[5]))
local pending, moved = {}, 0
for _, item in ipairs(found.due) do
  local id, state, group = item.id, item.fields[2], item.fields[4] or item.fields[3]
  -- An id without a task just goes.
  if state then
    moved = moved + 1
    if group and group ~= '' then
      redis_call('HSET', P .. 't:' .. id, 'state', 'aggregating', 'group', group, 'w:at', now)
      redis_call('ZADD', P .. 'g:' .. group, now_s, id)
      redis_call('SADD', P .. 'groups', group)
    else
      redis_call('HSET', P .. 't:' .. id, 'state', 'pending', 'pending_since', now)
      pending[#pending + 1] = id
    end
  end
end
if #pending > 0 then redis_call('LPUSH', KEYS[1], unpack(pending)) end
remove_due(sources, found)

local function nearest_in(second)
  local nearest, n = nil, 0
  for _, key in ipairs(sources) do
    local ids = redis_call('ZRANGEBYSCORE', key, second, second, 'LIMIT', 0, LOOKED_AT_FOR_NEXT + 1)
    n = n + #ids
    if n > LOOKED_AT_FOR_NEXT then return 0 end
    for _, id in ipairs(ids) do
      local fraction = fraction_in(second, redis_call('HGET', P .. 't:' .. id, 'w:at'))
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
local out = {moved, found.more and 1 or 0}
if head then
  out[3] = integer(head)
  out[4] = out[3] == now_s and found.nearest and nearest_now() or nearest_in(out[3])
end
return out
