-- Stores new tasks of one queue (specification: Asynq's enqueue, schedule, add to group, and their unique variants).
-- KEYS: 1 P pending
-- ARGV: 1 P; 2 now, ns; 3 now, s; 4 now, ms; 5 prefix of what is kept of ticks; 6 all flags that occur below; 7 how many tasks; 8 how
--   many ticks; the id of each task; the entry of each tick; then for each task:
--   flags, msg, w:x, and for each flag in this order
--   t  nominal time (ns), end of the run of ticks that it continues (ns), how long it is remembered (ms), 1 to skip the tick while an
--      earlier task runs, else 0, what goes into the history behind the number (SchedulerEnqueueEvent)
--   u  lock key, how long (ms), until when (ns)
--   s  due (s), due (ns), group or ''
--   g  group
-- Returns for each task: 1 stored, 0 the id is taken, 2 the tick is taken, 3 the tick is skipped, the id that holds the lock, or an
--   error where the key of its group is of another type. After them what went wrong with a history, if anything did.
local P, now, now_s, now_ms, ticks = ARGV[1], ARGV[2], ARGV[3], tonumber(ARGV[4]), ARGV[5]
local task_count, tick_count = tonumber(ARGV[7]), tonumber(ARGV[8])
local FIRST_ID = 9
local pending_key, scheduled_key = P .. 'pending', P .. 'scheduled'

-- The set of all queues stands on the node of this one, but in a cluster, where ticks stand with the queue: there the caller makes the
-- queue known, and writes the histories.
local queues = ticks == 'asynq:windlass:' and 'asynq:queues'

must_be('list', pending_key)
if queues then must_be('set', queues) end
if string.find(ARGV[6], 's', 1, true) then must_be('zset', scheduled_key) end
if string.find(ARGV[6], 'g', 1, true) then must_be('set', P .. 'groups') end
if tick_count > 0 then must_be('hash', ticks .. 'ticks') end

local out = {}

-- Whether a task has the id: one command tells as a rule that none of them is taken.
local keys, stored = {}, {}
for n = 1, task_count do keys[n] = P .. 't:' .. ARGV[FIRST_ID + n - 1] end
local all_free = task_count > 0 and redis_call('EXISTS', unpack(keys)) == 0
local function is_taken(key) return stored[key] or not all_free and redis_call('EXISTS', key) == 1 end

local RUNS = 100

-- What is kept of an entry, as "LAST RUNS KEY": its greatest nominal time taken; the runs of ticks taken, by `last`, "after:last:until"
-- with commas between them (times in ns, until in ms); the key of the task stored last for it, if there is one.
local kept, changed = {}, {}
if tick_count > 0 then
  local first = FIRST_ID + task_count
  local texts = redis_call('HMGET', ticks .. 'ticks', unpack(ARGV, first, first + tick_count - 1))
  for n = 1, tick_count do kept[ARGV[first + n - 1]] = texts[n] or '' end
end

-- Most entries have one run, and the tick continues it: then where that begins, until when it is kept, and the task; else nil.
local function continued(text, after)
  local last, begin, run_last, till, task = string.match(text, '^(%-?%d+) (%-?%d+):(%-?%d+):(%d+) (.*)$')
  if last == after and run_last == after and tonumber(till) > now_ms then return begin, tonumber(till), task end
end

local function parse(text)
  local last, list, task = string.match(text, '^(%-?%d+) (%S*) (.*)$')
  local runs = {}
  for after, run_last, till in string.gmatch(list or '', '(%-?%d+):(%-?%d+):(%d+)') do
    till = tonumber(till)
    if till > now_ms then runs[#runs + 1] = {after = after, last = run_last, till = till} end
  end
  return last, runs, task or ''
end

local function tick_taken(name, nominal)
  local _, runs = parse(kept[name])
  for _, run in ipairs(runs) do
    if less(run.after, nominal) and not less(run.last, nominal) then return true end
  end
  return false
end

local function tick_runs(name)
  local _, _, task = parse(kept[name])
  local state = task ~= '' and fields_of(task, 'state')[1]
  return state and state ~= 'archived' and state ~= 'completed'
end

local function with_tick(runs, nominal, after, till)
  local run, place = {after = after, last = nominal, till = till}, 1
  for i, before in ipairs(runs) do
    if before.last == after then
      run.after, run.till = before.after, math.max(before.till, till)
      table.remove(runs, i)
      break
    end
  end
  for i, before in ipairs(runs) do
    if less(before.last, nominal) then place = i + 1 end
  end
  table.insert(runs, place, run)
  if #runs > RUNS then
    if less(runs[1].after, runs[2].after) then runs[2].after = runs[1].after end
    runs[2].till = math.max(runs[1].till, runs[2].till)
    table.remove(runs, 1)
  end
  local texts = {}
  for i, each in ipairs(runs) do texts[i] = each.after .. ':' .. each.last .. ':' .. integer(each.till) end
  return table.concat(texts, ',')
end

-- `begin` and what follows are what continued() said; `key` is that of the task that was stored, or nil.
local till_texts = {}
local function take_tick(name, nominal, after, keep, begin, kept_till, task, key)
  local till = now_ms + keep
  if begin then
    if kept_till > till then till = kept_till end
    local till_text = till_texts[till] or integer(till)
    till_texts[till] = till_text
    kept[name] = nominal .. ' ' .. begin .. ':' .. nominal .. ':' .. till_text .. ' ' .. (key or task)
  else
    local last, runs, parsed_task = parse(kept[name])
    if not last or less(last, nominal) then last = nominal end
    kept[name] = last .. ' ' .. with_tick(runs, nominal, after, till) .. ' ' .. (key or parsed_task)
  end
  changed[name] = true
end

local function write_entries()
  local fields = {}
  for name in pairs(changed) do
    fields[#fields + 1] = name
    fields[#fields + 1] = kept[name]
  end
  if #fields > 0 then redis_call('HSET', ticks .. 'ticks', unpack(fields)) end
end

-- The events, entry and bytes in turns. They are numbered in the order in which they come, and sort by the number (field 100, eight
-- bytes). Returns what went wrong.
-- One in some events trims its history. Which one the microsecond decides: an entry's events may always come at the same place of a batch.
local EVENTS_KEPT, TRIM_EVERY = 1000, 16
local function write_histories(events)
  if #events == 0 then return nil end
  local wrong
  local number = redis.pcall('INCRBY', 'asynq:windlass:ticks_taken', #events / 2)
  if type(number) ~= 'number' then return number.err end
  number = number - #events / 2
  local turn = math.floor(tonumber(string.sub(now, -9)) / 1000)
  for i = 1, #events, 2 do
    local key = 'asynq:scheduler_history:' .. events[i]
    number = number + 1
    local added = redis.pcall('ZADD', key, now_s, '\162\6\8\128' .. struct.pack('>I7', number) .. events[i + 1])
    if type(added) ~= 'number' then
      wrong = key .. ': ' .. added.err
    elseif (number + turn) % TRIM_EVERY == 0 then
      redis_call('ZREMRANGEBYRANK', key, 0, -EVENTS_KEPT - 1)
    end
  end
  return wrong
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

local pending, events = {}, {}
local i, tick = FIRST_ID + task_count + tick_count, FIRST_ID + task_count
for n = 1, task_count do
  local flags, msg, exact, id, key = ARGV[i], ARGV[i + 1], ARGV[i + 2], ARGV[FIRST_ID + n - 1], keys[n]
  i = i + 3
  if flags == '' then
    if is_taken(key) then
      out[n] = 0
    else
      redis_call('HSET', key, 'msg', msg, 'state', 'pending', 'pending_since', now, 'w:x', exact)
      pending[#pending + 1] = id
      stored[key] = true
      out[n] = 1
    end
  else
    local entry, nominal, after, keep, skip, event, lock, lock_ms, lock_until, due_s, due, group
    if string.find(flags, 't', 1, true) then
      entry, nominal, after, keep, skip = ARGV[tick], ARGV[i], ARGV[i + 1], tonumber(ARGV[i + 2]), ARGV[i + 3] == '1'
      event = ARGV[i + 4]
      i, tick = i + 5, tick + 1
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
    local wrong = not due_s and group and wrong_group(group)
    local begin, kept_till, last_task
    if entry then begin, kept_till, last_task = continued(kept[entry], after) end
    if wrong then
      out[n] = wrong
    elseif entry and not begin and tick_taken(entry, nominal) then
      out[n] = 2
    elseif entry and skip and tick_runs(entry) then
      take_tick(entry, nominal, after, keep, begin, kept_till, last_task, nil)
      out[n] = 3
    elseif held then
      out[n] = held
    elseif is_taken(key) then
      out[n] = 0
    else
      if lock then
        redis_call('SET', lock, id, 'PX', lock_ms)
        redis_call('HSET', key, 'unique_key', lock, 'w:lock', lock_until)
      end
      if due_s then
        redis_call('HSET', key, 'msg', msg, 'state', 'scheduled', 'w:at', due, 'w:x', exact)
        if group ~= '' then redis_call('HSET', key, 'w:group', group) end
        redis_call('ZADD', scheduled_key, due_s, id)
      elseif group then
        redis_call('HSET', key, 'msg', msg, 'state', 'aggregating', 'group', group, 'w:at', now, 'w:x', exact)
        redis_call('ZADD', P .. 'g:' .. group, now_s, id)
        redis_call('SADD', P .. 'groups', group)
      else
        redis_call('HSET', key, 'msg', msg, 'state', 'pending', 'pending_since', now, 'w:x', exact)
        pending[#pending + 1] = id
      end
      if entry then
        take_tick(entry, nominal, after, keep, begin, kept_till, last_task, key)
        if queues then
          events[#events + 1] = entry
          events[#events + 1] = event
        end
      end
      stored[key] = true
      out[n] = 1
    end
  end
end
-- Every time, though it is there already as a rule: somebody may have removed the queue.
if queues and next(stored) then redis_call('SADD', queues, string.sub(P, 8, -3)) end
if #pending > 0 then redis_call('LPUSH', pending_key, unpack(pending)) end
write_entries()
out[task_count + 1] = write_histories(events)
return out
