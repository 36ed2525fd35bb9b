-- A window of the listing of one state: the tasks that come next.
-- KEYS: 1 P pending
-- ARGV: 1 P; 2 state; 3 how many tasks to return, at most; 4 how many to look at, at most; 5 how many bytes to return, about;
--   6 what the ids begin with; 7 type, or '' for all; 8 group, or '' for all; 9 bytes of a result, at most; 10 '1' for whole tasks,
--   '0' for their ids; from 11 on the place where the window begins, as an earlier window returned it; none: at the start
-- Returns now (us, Redis' clock), how many tasks were looked at, the place behind the last of them (empty: there are no more), the
--   tasks (ids, or eleven values each: task_fields.lua), and how far from the tail of a list the window began.
local P, state = ARGV[1], ARGV[2]
local want, look, room = tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5])
local prefix, type_wanted, group = ARGV[6], ARGV[7], ARGV[8]
local result_max, whole = tonumber(ARGV[9]), ARGV[10] == '1'

local looked, found, place, tasks = 0, 0, {}, {}

local function is_full() return looked >= look or found >= want or room <= 0 end

-- Looks at one task, and keeps it if it matches. Ghosts (ids without a task) match nothing.
local function visit(id, score)
  looked = looked + 1
  if string.sub(id, 1, #prefix) ~= prefix then return end
  if whole then
    local h = read_task(P .. 't:' .. id)
    if not h[1] or (type_wanted ~= '' and field_in(h[1], 10) ~= type_wanted) then return end
    room = room - add_task(tasks, id, score, h, result_max)
  else
    if type_wanted ~= '' then
      local msg = fields_of(P .. 't:' .. id, 'msg')[1]
      if not msg or field_in(msg, 10) ~= type_wanted then return end
    end
    tasks[#tasks + 1] = id
  end
  found = found + 1
end

-- ---------------------------------------------------------------------------------------------------------------- sorted sets
-- In the order of their exact times, equal ones by id; all of it the other way round for archived and completed ones. Redis itself
-- orders by second and id, so the tasks of one second are sorted here if they are few; where they are many their order is by id.
-- A place: second, exact time and id of the last task that was shown in the order of exact times ('' if none of this second was),
-- id of the last one that was shown in the order of ids.

local FEW = 1000
local backwards = state == 'archived' or state == 'completed'
local range = backwards and 'ZREVRANGE' or 'ZRANGE'

local function add_source(sources, seen, key)
  if seen[key] then return end
  seen[key] = true
  must_be('zset', key)
  sources[#sources + 1] = {key = key, rank = 0, buffer = {}, i = 1}
end

-- The sets of the state. rank: of the first entry in buffer; i: place of the next one there; batch: how many are read at a time.
local function open_sources()
  local sources, seen = {}, {}
  if state ~= 'aggregating' then
    add_source(sources, seen, P .. state)
    return sources
  end
  local wanted = P .. 'g:' .. group
  if group ~= '' then
    add_source(sources, seen, wanted)
  else
    for _, name in ipairs(redis_call('SMEMBERS', P .. 'groups')) do add_source(sources, seen, wanted .. name) end
  end
  for _, key in ipairs(redis_call('ZRANGE', P .. 'aggregation_sets', 0, -1)) do
    if group == '' or string.match(key, '^(.*):[^:]*$') == wanted then add_source(sources, seen, key) end
  end
  return sources
end

-- A heap: its first item is the one that comes before all others.
local function push(heap, item, before)
  local i = #heap + 1
  heap[i] = item
  while i > 1 do
    local parent = math.floor(i / 2)
    if not before(heap[i], heap[parent]) then return end
    heap[i], heap[parent] = heap[parent], heap[i]
    i = parent
  end
end

local function pop(heap, before)
  local first, last = heap[1], table.remove(heap)
  local n = #heap
  if n == 0 then return first end
  heap[1] = last
  local i = 1
  while 2 * i <= n do
    local child = 2 * i
    if child < n and before(heap[child + 1], heap[child]) then child = child + 1 end
    if not before(heap[child], heap[i]) then break end
    heap[i], heap[child] = heap[child], heap[i]
    i = child
  end
  return first
end

local function rank_of_next(s) return s.rank + (s.i - 1) / 2 end

-- Makes id and score of the next entry known: s.id, s.score, and the score as a number. False at the end.
local function load_next(s)
  if s.i > #s.buffer and not s.ended then
    s.rank = s.rank + #s.buffer / 2
    s.buffer = redis_call(range, s.key, s.rank, s.rank + s.batch - 1, 'WITHSCORES')
    s.i = 1
    s.ended = #s.buffer < 2 * s.batch
  end
  s.id, s.score = s.buffer[s.i], s.buffer[s.i + 1]
  s.number = s.score and tonumber(s.score)
  return s.id ~= nil
end

local function step(s)
  s.i = s.i + 2
  return load_next(s)
end

local function seek(s, rank)
  s.rank, s.buffer, s.i, s.ended = rank, {}, 1, false
  return load_next(s)
end

local function list_sorted()
  local from, x_ns, x_id, by_id = ARGV[11], ARGV[12], ARGV[13], ARGV[14]

  local function id_before(a, b)
    if backwards then return bytes_less(b, a) end
    return bytes_less(a, b)
  end
  local function time_before(a, b)
    if backwards then return less(b, a) end
    return less(a, b)
  end
  local function second_before(a, b)
    if backwards then return a.number > b.number end
    return a.number < b.number
  end
  local function next_id_before(a, b) return id_before(a.id, b.id) end

  -- Whether a task of the place's second was shown in the order of exact times.
  local function shown(second, ns, id)
    if second ~= from or x_ns == '' then return false end
    if ns ~= x_ns then return time_before(ns, x_ns) end
    return not id_before(x_id, id)
  end
  local function exact(second, id) return exact_ns(second, fields_of(P .. 't:' .. id, 'w:at')[1]) end

  -- The sets that have something left, by the second of their next entry.
  local heap = {}
  local sources = open_sources()
  local merged = #sources > 1
  for _, s in ipairs(sources) do
    local rank = 0
    if from and backwards then
      rank = redis_call('ZCOUNT', s.key, '(' .. from, '+inf')
    elseif from then
      rank = redis_call('ZCOUNT', s.key, '-inf', '(' .. from)
    end
    s.batch = merged and 8 or 250
    if seek(s, rank) then push(heap, s, second_before) end
  end

  -- Takes the sets that have entries of this second from the heap, and their entries, but not many more than FEW.
  local function take_second(second)
    local holders, entries = {}, {}
    while #heap > 0 and heap[1].score == second do
      local s = pop(heap, second_before)
      holders[#holders + 1] = s
      s.first = rank_of_next(s)
      while #entries <= FEW and s.score == second do
        entries[#entries + 1] = s.id
        step(s)
      end
    end
    return holders, entries
  end

  -- In the order of their exact times. Ids of one set are in order already.
  local function sort_by_time(second, ids)
    local ns, keys = {}, {}
    for i, id in ipairs(ids) do
      ns[id] = exact(second, id)
      local fraction = tonumber(string.sub(ns[id], -9))
      keys[i] = (backwards and 1000000000 - fraction or fraction) * 2048 + i
    end
    if merged then
      table.sort(ids, function(a, b)
        if ns[a] ~= ns[b] then return time_before(ns[a], ns[b]) end
        return id_before(a, b)
      end)
      return ids, ns
    end
    table.sort(keys)
    local ordered = {}
    for i, key in ipairs(keys) do ordered[i] = ids[key % 2048] end
    return ordered, ns
  end

  -- Both return false when the window was full before the end of the second.
  local function list_by_time(second, entries)
    local ids, ns = sort_by_time(second, entries)
    for _, id in ipairs(ids) do
      if not shown(second, ns[id], id) then
        if is_full() then return false end
        visit(id, second)
        place = {second, ns[id], id, ''}
      end
    end
    return true
  end

  -- Where in the second the ids begin that come behind `id`.
  local function rank_behind(s, low, high, id)
    while low < high do
      local middle = math.floor((low + high) / 2)
      local at = redis_call(range, s.key, middle, middle)[1]
      if at and id_before(id, at) then high = middle else low = middle + 1 end
    end
    return low
  end

  local function list_by_id(second, holders)
    local continued = second == from
    local ready = {}
    for _, s in ipairs(holders) do
      s.stop = s.first + redis_call('ZCOUNT', s.key, second, second)
      local start = continued and by_id ~= '' and rank_behind(s, s.first, s.stop, by_id) or s.first
      if start < s.stop and seek(s, start) then push(ready, s, next_id_before) end
    end
    while #ready > 0 do
      if is_full() then return false end
      local s = pop(ready, next_id_before)
      local id = s.id
      if continued and x_ns ~= '' and shown(second, exact(second, id), id) then
        looked = looked + 1
      else
        visit(id, second)
      end
      place = {second, continued and x_ns or '', continued and x_id or '', id}
      if step(s) and rank_of_next(s) < s.stop then push(ready, s, next_id_before) end
    end
    for _, s in ipairs(holders) do seek(s, s.stop) end
    return true
  end

  while #heap > 0 do
    if is_full() then return true end
    local second = heap[1].score
    local holders, entries = take_second(second)
    local few = #entries <= FEW and not (second == from and by_id ~= '')
    local at_end
    if few then at_end = list_by_time(second, entries) else at_end = list_by_id(second, holders) end
    if not at_end then return true end
    for _, s in ipairs(holders) do
      if s.id then push(heap, s, second_before) end
    end
  end
  return false
end

-- ---------------------------------------------------------------------------------------------------------------------- lists
-- From the tail. A place: id of the next task, its stay, since when, its distance from the tail; id of the last task, its stay; what
-- was shown already of the tasks that are there since the same moment as the next (three bytes for each), at most SHOWN_MAX.

local SHOWN_MAX = 250

local distance = 0

local function list_queue()
  local key = P .. state
  must_be('list', key)
  local size = redis_call('LLEN', key)

  -- What tells the stay of a task in this list from any other it had or will have, and since when it lasts ('0' for tasks that
  -- were put back, which stand before all others; nil if nobody knows). Nil if the task is somewhere else.
  local function stay(id)
    local h = fields_of(P .. 't:' .. id, 'state', 'pending_since', 'w:back', 'w:run')
    if h[1] ~= state then return nil end
    if state == 'active' then
      local nonce, _, started = parse_run(h[4])
      return nonce or '', started
    end
    return (h[2] or '') .. '/' .. (h[3] or ''), h[3] and '0' or h[2] or nil
  end

  -- Its distance from the tail: near `expected` as a rule, because lists change at their ends.
  local function find(id, mark, expected)
    if id == '' or stay(id) ~= mark then return nil end
    local first = math.max(0, expected - 250)
    local ids = redis_call('LRANGE', key, -(expected + 251), -(first + 1))
    for i = 1, #ids do
      if ids[i] == id then return first + #ids - i end
    end
    local at = redis_call('LPOS', key, id, 'RANK', -1, 'MAXLEN', 100000)
    return at and size - 1 - at
  end

  -- The distance of the first task whose stay began at `time` or later.
  local function find_since(time)
    local low, high = 0, size
    while low < high do
      local middle = math.floor((low + high) / 2)
      local later = true
      for at = middle, math.min(middle + 10, high - 1) do
        local _, since = stay(redis_call('LINDEX', key, -(at + 1)))
        if since then
          later = not less(since, time)
          break
        end
      end
      if later then high = middle else low = middle + 1 end
    end
    return low
  end

  local function three_bytes(id)
    local sha1 = redis.sha1hex(id)
    return string.char(tonumber(string.sub(sha1, 1, 2), 16), tonumber(string.sub(sha1, 3, 4), 16),
                       tonumber(string.sub(sha1, 5, 6), 16))
  end

  local at, last, since, skip = 0, '', '', nil
  if ARGV[11] then
    local expected = tonumber(ARGV[14])
    since, last = ARGV[13], ARGV[15]
    at = find(ARGV[11], ARGV[12], expected)
    if not at then
      local before = find(last, ARGV[16], math.max(0, expected - 1))
      at = before and before + 1
    end
    if not at and since ~= '' and since ~= '0' then
      -- Both have gone. Some of those that came in the same moment may have been shown.
      at, skip = find_since(since), {}
      for i = 1, #ARGV[17], 3 do skip[string.sub(ARGV[17], i, i + 2)] = true end
    end
    if not at then at = math.min(expected, size) end
  end
  local function is_shown(id)
    if not skip or not skip[three_bytes(id)] then return false end
    local _, began = stay(id)
    return began == since
  end

  distance = at
  local ids = redis_call('LRANGE', key, -(at + look + 1), -(at + 1))
  -- Of ids[i] and on, those whose stay began at `moment`.
  local function shown_of(moment, i)
    local shown = {}
    while i <= #ids and #shown < SHOWN_MAX do
      local _, began = stay(ids[i])
      if began ~= moment then return table.concat(shown) end
      shown[#shown + 1] = three_bytes(ids[i])
      i = i + 1
    end
    return string.sub(table.concat(shown) .. (moment == since and ARGV[17] or ''), 1, 3 * SHOWN_MAX)
  end

  for i = #ids, 1, -1 do
    local id = ids[i]
    if is_full() then
      local mark, began = stay(id)
      place = {id, mark or '', began or '', integer(at + #ids - i), last, last ~= '' and stay(last) or '',
               began and shown_of(began, i + 1) or ''}
      return true
    end
    if is_shown(id) then
      looked = looked + 1
    else
      visit(id, state == 'active' and redis_call('ZSCORE', P .. 'lease', id))
    end
    last = id
  end
  return false
end

local more
if state == 'pending' or state == 'active' then more = list_queue() else more = list_sorted() end
return {integer(time_us()), looked, more and place or {}, tasks, distance}
