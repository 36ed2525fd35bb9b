-- Runs, archives or deletes tasks of one queue by hand (Asynq's run, archive and delete task, for many).
-- KEYS: 1 P pending
-- ARGV: 1 P; 2 'run', 'archive' or 'delete'; 3 now, ns; 4 now, s; 5 key of the aggregation set in which the tasks are held, or '';
--   6 how far from the tail of the pending tasks they may begin; from 7 on their ids
-- Returns outcomes (numbers of ActionOutcome) for the first of them, at least for one. To search a long list of pending tasks takes
--   time; the tasks that are left over are to be asked for again.
local P, action, now, now_s, set_key = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5]
local APPLIED, NOT_FOUND, ALREADY, ACTIVE, WRONG_STATE = 0, 1, 2, 3, 4
local COST_MAX = 300000  -- in entries of the list

must_be('list', KEYS[1])
must_be('zset', P .. 'scheduled', P .. 'retry', P .. 'archived', P .. 'completed')
must_be('set', P .. 'groups')
local pending_size = redis_call('LLEN', KEYS[1])

-- Distances from the tail of the pending tasks around the expected place. They are blanked there and removed all at once.
local places, blanked
local function place_of(id)
  if not places then
    local first = math.max(0, tonumber(ARGV[6]) - 500)
    local ids = redis_call('LRANGE', KEYS[1], -(first + 1250), -(first + 1))
    places, blanked = {}, 0
    for i, other in ipairs(ids) do places[other] = first + #ids - i end
  end
  return places[id]
end

local function leave_pending(id)
  local place = place_of(id)
  if not place then return redis_call('LREM', KEYS[1], -1, id) > 0 end
  redis_call('LSET', KEYS[1], -(place + 1), '')
  places[id] = nil
  blanked = blanked + 1
  return true
end

-- False where it is not in it, also because the key is of another type: states and names of groups are what somebody wrote.
local function leave_set(key, id)
  local removed = redis.pcall('ZREM', key, id)
  return type(removed) == 'number' and removed > 0
end

-- Takes the task out of its collection. False if it is not there: it is in an aggregation set, or about to be deleted for good.
local function leave(id, state, group)
  if state == 'pending' then return leave_pending(id) end
  if state ~= 'aggregating' then return leave_set(P .. state, id) end
  if set_key ~= '' then return leave_set(set_key, id) end
  if not leave_set(P .. 'g:' .. group, id) then return false end
  if redis_call('EXISTS', P .. 'g:' .. group) == 0 then redis_call('SREM', P .. 'groups', group) end
  return true
end

-- Progress of the run after which the task was put back stays: without a number it is that of no run.
local function leave_pending(key)
  local h = redis_call('HMGET', key, 'w:back', 'w:progress')
  if h[1] and h[2] and string.sub(h[2], 1, #h[1]) == h[1] then
    redis_call('HSET', key, 'w:progress', string.sub(h[2], #h[1] + 1))
  end
  redis_call('HDEL', key, 'pending_since', 'w:back')
end

local pushed = {}
local function apply(id, state)
  local key = P .. 't:' .. id
  if action == 'run' then
    redis_call('HSET', key, 'state', 'pending', 'pending_since', now)
    pushed[#pushed + 1] = id
  elseif action == 'archive' then
    redis_call('HSET', key, 'state', 'archived', 'w:at', now)
    if state == 'pending' then leave_pending(key) end
    redis_call('ZADD', P .. 'archived', now_s, id)
  else
    release_lock(P, id)
    redis_call('DEL', key)
  end
  return APPLIED
end

local function act(id, state, group)
  if not state then return NOT_FOUND end
  if state == 'active' then return ACTIVE end
  if action == 'run' and state == 'pending' then return ALREADY end
  if action == 'archive' and state == 'archived' then return ALREADY end
  if action == 'archive' and state == 'completed' then return WRONG_STATE end
  if not leave(id, state, group) then return state == 'aggregating' and WRONG_STATE or NOT_FOUND end
  return apply(id, state)
end

local out, cost = {}, 0
for i = 7, #ARGV do
  local id = ARGV[i]
  local key = P .. 't:' .. id
  local h = fields_of(key, 'state', 'group', 'w:group')
  -- A hash without a message is no task.
  local state = h[1] and redis_call('HEXISTS', key, 'msg') == 1 and h[1]
  if state == 'pending' and action ~= 'run' and not place_of(id) then
    cost = cost + pending_size
    if cost > COST_MAX and #out > 0 then break end
  end
  out[#out + 1] = act(id, state, h[2] or h[3] or '')
end
if blanked and blanked > 0 then redis_call('LREM', KEYS[1], -blanked, '') end
if #pushed > 0 then redis_call('LPUSH', KEYS[1], unpack(pushed)) end
return out
