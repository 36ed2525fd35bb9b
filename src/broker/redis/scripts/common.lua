-- Stands in front of every script.
-- P, in all of them, is the prefix "asynq:{QUEUE}:" of the keys of the queue. The scripts build names of keys from it, all of them
-- on the node of KEYS[1].

local redis_call = redis.call

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

-- Adds n to the counter `name` of the queue, to that of the day and to the total. Asynq's rule: the total starts again from 1
-- where it would overflow, and the day's ends with the first count's expiry.
local function count(P, name, n, date, expiry)
  if n == 0 then return end
  local day = P .. name .. ':' .. date
  if redis_call('INCRBY', day, n) == n then redis_call('EXPIREAT', day, expiry) end
  local total = P .. name
  if tonumber(redis_call('GET', total) or 0) >= 9223372036854774784 then
    redis_call('SET', total, n)
  else
    redis_call('INCRBY', total, n)
  end
end

-- Splits w:run. nil if it is none.
local function parse_run(run)
  if not run then return nil end
  local nonce, lease, started, owner = string.match(run, '^(%x+):(%d+):(%-?%d+):(.*)$')
  return nonce, tonumber(lease), started, owner
end

-- The key of the unique lock in a TaskMessage (field 10), for tasks whose hash does not name it. nil if there is none.
local function unique_key_in(msg)
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
      if tag == 82 then found = string.sub(msg, i, i + length - 1) end
      i = i + length
    else
      return nil
    end
  end
  return found
end

-- Releases the unique lock of a task that is about to go: only if it is the one that holds it.
local function release_lock(P, id)
  local h = redis_call('HMGET', P .. 't:' .. id, 'unique_key', 'msg')
  local key = h[1]
  if not key and h[2] then key = unique_key_in(h[2]) end
  if key and key ~= '' and redis_call('GET', key) == id then redis_call('DEL', key) end
end
