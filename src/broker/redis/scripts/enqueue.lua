-- Stores new tasks of one queue (specification: Asynq's enqueue, schedule, add to group, and their unique variants).
-- KEYS: 1 P pending
-- ARGV: 1 P; 2 now, ns; 3 now, s; 4 now, ms; 5 prefix of what is kept of ticks; 6 all flags that occur below; from 7 on for each task:
--   flags, id, msg, w:x, and for each flag in this order
--   t  entry, nominal time (ns), how long the mark is kept (ms), 1 to skip the tick while an earlier task runs, else 0
--   u  lock key, how long (ms), until when (ns)
--   s  due (s), due (ns), group or ''
--   g  group
-- Returns for each task: 1 stored, 0 the id is taken, 2 the tick is taken, 3 the tick is skipped, the id that holds the lock, or an
--   error where the key of its group or of its entry is of another type.
local P, now, now_s, now_ms, ticks = ARGV[1], ARGV[2], ARGV[3], tonumber(ARGV[4]), ARGV[5]
local pending_key, scheduled_key = P .. 'pending', P .. 'scheduled'

-- The set of all queues stands on the node of this one, but in a cluster, where marks of ticks stand with the queue: there the
-- caller makes the queue known.
local queues = ticks == 'asynq:windlass:' and 'asynq:queues'

must_be('list', pending_key)
if queues then must_be('set', queues) end
if string.find(ARGV[6], 's', 1, true) then must_be('zset', scheduled_key) end
if string.find(ARGV[6], 'g', 1, true) then must_be('set', P .. 'groups') end
if string.find(ARGV[6], 't', 1, true) then must_be('hash', ticks .. 'ticks', ticks .. 'tick_tasks') end

local out = {}

-- What is known of an entry: its greatest nominal time taken ('last'), and the key of the task stored last for it ('task').
local entries, taken, stored = {}, {}, {}
local function entry_of(name)
  local entry = entries[name]
  if not entry then
    entry = {last = redis_call('HGET', ticks .. 'ticks', name), wrong = wrong_type(ticks .. 'tick:' .. name, 'zset')}
    entries[name] = entry
  end
  return entry
end

local function tick_taken(name, nominal)
  local last = entry_of(name).last
  if not last or less(last, nominal) then return false end
  local kept = redis_call('ZSCORE', ticks .. 'tick:' .. name, nominal)
  return kept and tonumber(kept) > now_ms
end

local function tick_runs(name)
  local entry = entry_of(name)
  local key = entry.task or redis_call('HGET', ticks .. 'tick_tasks', name)
  local state = key and fields_of(key, 'state')[1]
  return state and state ~= 'archived' and state ~= 'completed'
end

local function take_tick(name, nominal, keep)
  local key, entry = ticks .. 'tick:' .. name, entry_of(name)
  redis_call('ZADD', key, integer(now_ms + keep), nominal)
  if redis_call('PTTL', key) < keep then redis_call('PEXPIRE', key, integer(2 * keep)) end
  -- Marks that have ended count no more; they are removed now and then.
  if (now_ms + #out) % 16 == 0 then redis_call('ZREMRANGEBYSCORE', key, '-inf', integer(now_ms)) end
  if not entry.last or less(entry.last, nominal) then
    entry.last = nominal
    taken[#taken + 1] = name
    taken[#taken + 1] = nominal
  end
end

local groups = {}
local function wrong_group(group)
  if groups[group] == nil then groups[group] = wrong_type(P .. 'g:' .. group, 'zset') or false end
  return groups[group]
end

-- Who holds the lock: a task that exists, and as long as it said. Nobody does where the key is of another type.
local function holder(lock)
  local id = redis.pcall('GET', lock)
  if type(id) ~= 'string' then return nil end
  local h = fields_of(P .. 't:' .. id, 'state', 'w:lock')
  if not h[1] or (h[2] and not less(now, h[2])) then return nil end
  return id
end

local pending, i, is_new = {}, 7, false
while ARGV[i] do
  local flags, id, msg, exact = ARGV[i], ARGV[i + 1], ARGV[i + 2], ARGV[i + 3]
  local key = P .. 't:' .. id
  i = i + 4
  if flags == '' then
    if redis_call('EXISTS', key) == 1 then
      out[#out + 1] = 0
    else
      redis_call('HSET', key, 'msg', msg, 'state', 'pending', 'pending_since', now, 'w:x', exact)
      pending[#pending + 1] = id
      out[#out + 1] = 1
      is_new = true
    end
  else
    local entry, nominal, keep, skip, lock, lock_ms, lock_until, due_s, due, group
    if string.find(flags, 't', 1, true) then
      entry, nominal, keep, skip = ARGV[i], ARGV[i + 1], tonumber(ARGV[i + 2]), ARGV[i + 3] == '1'
      i = i + 4
    end
    if string.find(flags, 'u', 1, true) then
      lock, lock_ms, lock_until = ARGV[i], ARGV[i + 1], ARGV[i + 2]
      i = i + 3
    end
    if string.find(flags, 's', 1, true) then
      due_s, due, group = ARGV[i], ARGV[i + 1], ARGV[i + 2]
      i = i + 3
    elseif string.find(flags, 'g', 1, true) then
      group = ARGV[i]
      i = i + 1
    end

    local held = lock and holder(lock)
    local wrong = entry and entry_of(entry).wrong or not due_s and group and wrong_group(group)
    if wrong then
      out[#out + 1] = wrong
    elseif entry and tick_taken(entry, nominal) then
      out[#out + 1] = 2
    elseif entry and skip and tick_runs(entry) then
      take_tick(entry, nominal, keep)
      out[#out + 1] = 3
    elseif held then
      out[#out + 1] = held
    elseif redis_call('EXISTS', key) == 1 then
      out[#out + 1] = 0
    else
      local fields = {'msg', msg, 'w:x', exact}
      if lock then
        redis_call('SET', lock, id, 'PX', lock_ms)
        fields[#fields + 1] = 'unique_key'
        fields[#fields + 1] = lock
        fields[#fields + 1] = 'w:lock'
        fields[#fields + 1] = lock_until
      end
      if due_s then
        if group ~= '' then
          fields[#fields + 1] = 'w:group'
          fields[#fields + 1] = group
        end
        redis_call('HSET', key, 'state', 'scheduled', 'w:at', due, unpack(fields))
        redis_call('ZADD', scheduled_key, due_s, id)
      elseif group then
        redis_call('HSET', key, 'state', 'aggregating', 'group', group, 'w:at', now, unpack(fields))
        redis_call('ZADD', P .. 'g:' .. group, now_s, id)
        redis_call('SADD', P .. 'groups', group)
      else
        redis_call('HSET', key, 'state', 'pending', 'pending_since', now, unpack(fields))
        pending[#pending + 1] = id
      end
      if entry then
        take_tick(entry, nominal, keep)
        entry_of(entry).task = key
        stored[#stored + 1] = entry
        stored[#stored + 1] = key
      end
      out[#out + 1] = 1
      is_new = true
    end
  end
end
-- Every time, though it is there already as a rule: somebody may have removed the queue.
if queues and is_new then redis_call('SADD', queues, string.sub(P, 8, -3)) end
if #pending > 0 then redis_call('LPUSH', pending_key, unpack(pending)) end
if #taken > 0 then redis_call('HSET', ticks .. 'ticks', unpack(taken)) end
if #stored > 0 then redis_call('HSET', ticks .. 'tick_tasks', unpack(stored)) end
return out
