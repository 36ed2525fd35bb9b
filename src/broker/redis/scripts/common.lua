-- Stands in front of every script.
-- P, in all of them, is the prefix "asynq:{QUEUE}:" of the keys of the queue. The scripts build names of keys from it, all of them
-- on the node of KEYS[1].

local redis_call = redis.call

-- What refuses any other type. Takes Redis half as long as TYPE.
local SIZE_OF = {list = 'LLEN', zset = 'ZCARD', set = 'SCARD', hash = 'HLEN', string = 'STRLEN'}

-- An error if the key is of another type than `kind`, else nil.
local function wrong_type(key, kind)
  local size = redis.pcall(SIZE_OF[kind], key)
  if type(size) == 'number' then return nil end
  if string.sub(size.err, 1, 9) ~= 'WRONGTYPE' then return size end
  local found = redis_call('TYPE', key).ok
  return {err = 'WRONGTYPE ' .. key .. ' is a ' .. found .. ' and must be a ' .. kind .. ': rename or delete that key'}
end

-- Stops the script if one of the keys is of another type. To be asked before the first write: what was written would stay.
local function must_be(kind, ...)
  for i = 1, select('#', ...) do
    local wrong = wrong_type(select(i, ...), kind)
    if wrong then error(wrong) end
  end
end

-- a < b, both whole numbers in decimal, exact beyond 2^53.
local function less(a, b)
  local minus_a, minus_b = string.byte(a) == 45, string.byte(b) == 45
  if minus_a ~= minus_b then return minus_a end
  if minus_a then a, b = b, a end
  if #a ~= #b then return #a < #b end
  return a < b
end

-- Whole numbers as text: tostring() would write 1.7e+15.
local function integer(n) return string.format('%.0f', n) end

-- Redis' own clock, microseconds.
local function time_us()
  local t = redis_call('TIME')
  return tonumber(t[1]) * 1000000 + tonumber(t[2])
end

-- Adds n to the counter, which starts again where it would overflow. Returns its value; or nil and why it does not count, which is
-- no reason for a task not to end.
local function add_to(counter, n)
  local sum = redis.pcall('INCRBY', counter, n)
  if type(sum) == 'number' then return sum end
  if not string.find(sum.err, 'overflow', 1, true) then return nil, counter .. ' does not count, delete that key: ' .. sum.err end
  redis_call('SET', counter, n)
  return n
end

-- Adds n to the counter `name` of the queue, to that of the day and to the total. The day's ends with the first count's expiry.
-- Returns nil, or why one of them does not count.
local function count(P, name, n, date, expiry)
  if n == 0 then return nil end
  local day = P .. name .. ':' .. date
  local sum, day_trouble = add_to(day, n)
  if sum == n then redis_call('EXPIREAT', day, expiry) end
  local _, trouble = add_to(P .. name, n)
  return day_trouble or trouble
end

-- Splits w:run. nil if it is none.
local function parse_run(run)
  if not run then return nil end
  local nonce, lease, started, owner = string.match(run, '^(%x+):(%d+):(%-?%d+):(.*)$')
  return nonce, tonumber(lease), started, owner
end

-- a < b, byte by byte: Lua's own < goes by the locale.
local function bytes_less(a, b)
  for i = 1, math.min(#a, #b) do
    local x, y = string.byte(a, i), string.byte(b, i)
    if x ~= y then return x < y end
  end
  return #a < #b
end

-- The exact time (ns, as text) behind a score: `at` (w:at) if its second is the score.
local function exact_ns(score, at)
  local second = integer(math.floor(tonumber(score)))
  if at and string.sub(at, 1, -10) == second then return at end
  return second .. '000000000'
end

-- A text or bytes field of a TaskMessage, by its tag (8 * number + 2). nil if there is none.
local function field_in(msg, wanted)
  local i, n, found = 1, #msg, nil
  local function varint()
    local value, scale = 0, 1
    while true do
      local b = string.byte(msg, i)
      if not b then return nil end
      i = i + 1
      value = value + (b % 128) * scale
      if b < 128 then return value end
      scale = scale * 128
    end
  end
  while i <= n do
    local tag = varint()
    if not tag then return nil end
    local wire = tag % 8
    if wire == 0 then
      if not varint() then return nil end
    elseif wire == 1 then
      i = i + 8
    elseif wire == 5 then
      i = i + 4
    elseif wire == 2 then
      local length = varint()
      if not length then return nil end
      if tag == wanted then found = string.sub(msg, i, i + length - 1) end
      i = i + length
    else
      return nil
    end
  end
  return found
end

-- Fields of a task's hash. None where the key is of another type: such an id is a ghost, and must not stop a script half-way.
local function fields_of(key, ...)
  local h = redis.pcall('HMGET', key, ...)
  return h.err and {} or h
end

-- Releases the unique lock of a task that is about to go: only if it is the one that holds it.
local function release_lock(P, id)
  local h = fields_of(P .. 't:' .. id, 'unique_key', 'msg')
  local key = h[1]
  -- Tasks added to a group by Asynq have the key in the message only.
  if not key and h[2] and string.find(h[2], P .. 'unique:', 1, true) then key = field_in(h[2], 82) end
  if key and key ~= '' and redis.pcall('GET', key) == id then redis_call('DEL', key) end
end

-- Puts the tasks of the aggregation set with this key back into its group, where they keep their place, and forgets the set. False
-- if there is no such set.
local function put_back_set(P, key)
  local sets = P .. 'aggregation_sets'
  -- Ids of sets have no colon; names of groups may.
  local group_key = string.match(key, '^(.*):[^:]*$')
  local group = group_key and string.sub(group_key, #P + 3)
  -- It is held on until the key is mended.
  if group_key and (wrong_type(group_key, 'zset') or wrong_type(key, 'zset')) then return true end
  if redis_call('ZREM', sets, key) == 0 then return false end
  if not group or group == '' or redis_call('EXISTS', key) == 0 then return true end
  if redis_call('EXISTS', group_key) == 0 then
    redis_call('RENAME', key, group_key)
  else
    redis_call('ZUNIONSTORE', group_key, 2, group_key, key)
    redis_call('DEL', key)
  end
  redis_call('SADD', P .. 'groups', group)
  return true
end

-- Whether the hold of an aggregation set has ended at `now` (ns as text). Its score in aggregation_sets is in whole seconds, rounded
-- up; those taken by us carry the exact time at the end of their ids: ".NANOSECONDS".
local function hold_ended(key, score, now)
  return not less(now, string.match(key, '%.(%d+)$') or integer(tonumber(score)) .. '000000000')
end

-- Puts back the aggregation sets whose hold ended, at most 100 a run.
local function reclaim_sets(P, now)
  local soon = integer(math.floor(tonumber(now) / 1000000000) + 1)
  local found = redis_call('ZRANGEBYSCORE', P .. 'aggregation_sets', '-inf', soon, 'WITHSCORES', 'LIMIT', 0, 100)
  for i = 1, #found, 2 do
    if hold_ended(found[i], found[i + 1], now) then put_back_set(P, found[i]) end
  end
end
