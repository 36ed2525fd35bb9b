-- Ends runs of tasks of one queue (Asynq's done, mark as complete, retry, archive and requeue, for many).
-- KEYS: 1 P pending
-- ARGV: 1 P; 2 now, ns; 3 now, s; 4 date (UTC); 5 expiry of the day's counters, s; 6 all kinds that occur, small; 7 number of tasks, n; 8 to 7+n
--   their ids; then for each: kind, nonce, and what the kind asks for. A capital letter says that the task may hold a unique lock.
--   d D  done                    x X  expired, not kept       q  requeue: crash
--   c C  complete: msg, record ends (s), record ends (ns), result
--   r    retry: msg, due (s), due (ns), 1 if it counts as a failure else 0, w:fail, result, crash
--   a    archive: msg, 1 if it expired else 0, w:fail, result, crash
--   s    snooze: due (s), due (ns)
--   A result is '-' for none, or '+' and the bytes. Crash is 1 if the run ended its process, else 0.
-- Returns for each task 1 if it was ended, 0 if the lease was lost; and, if a counter does not count, why.
local P, now, now_s = ARGV[1], ARGV[2], ARGV[3]
local n = tonumber(ARGV[7])
local ids = {}
for i = 1, n do ids[i] = ARGV[7 + i] end
local active_key, lease_key = P .. 'active', P .. 'lease'
must_be('list', active_key, KEYS[1])
must_be('zset', lease_key)
for kind, set in pairs({c = 'completed', r = 'retry', a = 'archived', s = 'scheduled'}) do
  if string.find(ARGV[6], kind, 1, true) then must_be('zset', P .. set) end
end
local active_size = redis_call('LLEN', active_key)
local now_us = time_us()

local out, gone, left, deleted, requeued = {}, {}, {}, {}, {}
local processed, failed, expired = 0, 0, 0

-- Tasks that were fetched together have the same w:run: each is read once. What stays of it when the run is over has a lease that
-- ended in 1970: by it nobody holds the task, also not when a Go server fetches it, which leaves w:run as it is.
local nonces, seconds, ended = {}, {}, {}
local function read_run(run)
  local nonce, lease, started, owner = parse_run(run)
  nonces[run] = nonce or ''
  seconds[run] = nonce and math.floor(lease / 1000000)
  ended[run] = nonce and nonce .. ':0:' .. started .. ':' .. owner
end

-- Whether the task is active under this number. When its lease has ended a Go server may have taken it since, which shows in the
-- lease's score alone; not before, because Asynq waits 30 s longer. An active id without a lease entry is taken as held.
local function holds(id, h, nonce)
  local run = h[2]
  if gone[id] or h[1] ~= 'active' or not run then return false end
  if not nonces[run] then read_run(run) end
  if nonces[run] ~= nonce then return false end
  if (seconds[run] + 1) * 1000000 > now_us then return true end
  local score = redis_call('ZSCORE', lease_key, id)
  return not score or tonumber(score) == seconds[run]
end

local function add_result(fields, result)
  if string.byte(result) == 43 then
    fields[#fields + 1] = 'result'
    fields[#fields + 1] = string.sub(result, 2)
  end
end

local function count_crash(key, crash)
  if crash ~= '1' then return end
  local before = tonumber(redis_call('HMGET', key, 'w:crashes')[1] or 0) or 0
  redis_call('HSET', key, 'w:crashes', before + 1)
end

-- How many values a kind asks for.
local asks = {c = 4, a = 5, r = 7, s = 2, q = 1}

local i = 8 + n
for k = 1, n do
  local id, kind, nonce = ids[k], ARGV[i], ARGV[i + 1]
  local key = P .. 't:' .. id
  local lower = string.lower(kind)
  local arg = i + 2
  i = arg + (asks[lower] or 0)
  local h = fields_of(key, 'state', 'w:run')
  if not holds(id, h, nonce) then
    out[k] = 0
  else
    out[k] = 1
    gone[id] = true
    left[#left + 1] = id
    if kind ~= lower then release_lock(P, id) end
    if lower == 'd' then
      processed = processed + 1
      deleted[#deleted + 1] = key
    elseif lower == 'x' then
      expired = expired + 1
      deleted[#deleted + 1] = key
    elseif lower == 'q' then
      redis_call('HSET', key, 'state', 'pending', 'pending_since', now, 'w:back', nonce)
      redis_call('HDEL', key, 'w:run')
      count_crash(key, ARGV[arg])
      requeued[#requeued + 1] = id
    elseif lower == 'c' then
      processed = processed + 1
      local fields = {'msg', ARGV[arg], 'state', 'completed', 'w:at', ARGV[arg + 2], 'w:run', ended[h[2]]}
      add_result(fields, ARGV[arg + 3])
      redis_call('HSET', key, unpack(fields))
      redis_call('ZADD', P .. 'completed', ARGV[arg + 1], id)
    elseif lower == 'r' then
      if ARGV[arg + 3] == '1' then
        processed = processed + 1
        failed = failed + 1
      end
      local fields = {'msg', ARGV[arg], 'state', 'retry', 'w:at', ARGV[arg + 2], 'w:fail', ARGV[arg + 4], 'w:run', ended[h[2]]}
      add_result(fields, ARGV[arg + 5])
      redis_call('HSET', key, unpack(fields))
      count_crash(key, ARGV[arg + 6])
      redis_call('ZADD', P .. 'retry', ARGV[arg + 1], id)
    elseif lower == 'a' then
      if ARGV[arg + 1] == '1' then
        expired = expired + 1
      else
        processed = processed + 1
        failed = failed + 1
      end
      local fields = {'msg', ARGV[arg], 'state', 'archived', 'w:at', now, 'w:fail', ARGV[arg + 2], 'w:run', ended[h[2]]}
      add_result(fields, ARGV[arg + 3])
      redis_call('HSET', key, unpack(fields))
      count_crash(key, ARGV[arg + 4])
      redis_call('ZADD', P .. 'archived', now_s, id)
    elseif lower == 's' then
      redis_call('HSET', key, 'state', 'scheduled', 'w:at', ARGV[arg + 1], 'w:run', ended[h[2]])
      redis_call('ZADD', P .. 'scheduled', ARGV[arg], id)
    end
  end
end
if #left == 0 then return out end

-- Finished tasks are mostly the longest running, which stand at the tail. So the tail is written anew without them, as far as it
-- takes to find all, but not more than 16 ids for each that goes; what stands further on is searched for one by one.
local window, most = #left, math.min(16 * #left, 4000)
local kept
while true do
  local tail = redis_call('LRANGE', active_key, -window, -1)
  kept = {}
  for _, id in ipairs(tail) do
    if not gone[id] then kept[#kept + 1] = id end
  end
  local found = #tail - #kept
  if found == #left or #tail == active_size or window >= most then
    redis_call('LTRIM', active_key, 0, -(#tail + 1))
    if #kept > 0 then redis_call('RPUSH', active_key, unpack(kept)) end
    if found < #left then
      for _, id in ipairs(tail) do gone[id] = nil end
      for _, id in ipairs(left) do
        if gone[id] then redis_call('LREM', active_key, -1, id) end
      end
    end
    break
  end
  window = math.min(4 * window, most)
end
redis_call('ZREM', lease_key, unpack(left))
if #deleted > 0 then redis_call('DEL', unpack(deleted)) end
if #requeued > 0 then redis_call('RPUSH', KEYS[1], unpack(requeued)) end
local trouble = nil
for name, number in pairs({processed = processed, failed = failed, ['windlass:expired'] = expired}) do
  trouble = count(P, name, number, ARGV[4], ARGV[5]) or trouble
end
out[#out + 1] = trouble
return out
