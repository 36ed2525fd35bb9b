-- Stands in front of scripts that take what is due from sorted sets: scores are whole seconds, the exact times stand in w:at.

-- So many tasks of one second are put into the order of their exact times; if there are more, they go by id.
local FEW = 1000

-- What `at` (w:at) says within the second `score`, ns; 0 if it is of another second, and so out of date. All are texts.
local function fraction_in(score, at)
  return at and string.sub(at, 1, -10) == score and tonumber(string.sub(at, -9)) or 0
end

local function sooner(a, b)
  if a.score ~= b.score then return a.score < b.score end
  if a.fraction ~= b.fraction then return a.fraction < b.fraction end
  if a.from == b.from then return a.place < b.place end
  return bytes_less(a.id, b.id)
end

-- Mostly they are in order already.
local function sort_items(items)
  for i = 2, #items do
    if sooner(items[i], items[i - 1]) then return table.sort(items, sooner) end
  end
end

-- Finds the tasks of the sorted sets `keys` whose time is at most `limit_s` seconds and `limit_fraction` ns ('+inf' and nil: all), the
-- soonest first, `max` of them or less; there is one at least if any is due.
-- Returns a table: `due`, items {id, from (number of its key), fields (w:at first, then those asked for)}; `more`, whether more may be
-- due; and of the second of the limit: `looked`, how many tasks were looked at, `nearest`, the fraction of the soonest of them that
-- is not among `due`, and `unseen`, whether there are others. `random` decides at which of them to look if they are many.
local function find_due(P, keys, fields, limit_s, limit_fraction, max, random)
  local found = {due = {}, more = false, looked = 0, unseen = false}
  local due = found.due

  local function read(from, place, id, score)
    local h = redis_call('HMGET', P .. 't:' .. id, 'w:at', unpack(fields))
    return {id = id, from = from, place = place, score = tonumber(score), fraction = fraction_in(score, h[1]), fields = h}
  end

  -- The first `max` ids of two lists that are in order.
  local function merge(lists)
    local ids, at = {}, {1, 1}
    while #ids < max do
      local a, b = lists[1][at[1]], lists[2] and lists[2][at[2]]
      if not a and not b then break end
      local from = (not b or (a and bytes_less(a, b))) and 1 or 2
      ids[#ids + 1] = {from, lists[from][at[from]]}
      at[from] = at[from] + 1
    end
    return ids
  end

  local function take_second(score)
    local lists, n = {}, 0
    for from, key in ipairs(keys) do
      lists[from] = redis_call('ZRANGEBYSCORE', key, score, score, 'LIMIT', 0, FEW + 1)
      n = n + #lists[from]
    end
    if n > FEW then
      for place, entry in ipairs(merge(lists)) do due[place] = read(entry[1], place, entry[2], score) end
      -- In this order, whatever their exact times.
      return
    end
    for from, ids in ipairs(lists) do
      for place, id in ipairs(ids) do due[#due + 1] = read(from, place, id, score) end
    end
    sort_items(due)
  end

  -- What was due before the second of the limit. A second that the end of a list cuts in two is left for the next time, unless it is
  -- the first.
  local lists, cut = {}, nil
  for from, key in ipairs(max > 0 and keys or {}) do
    local list = redis_call('ZRANGEBYSCORE', key, '-inf', '(' .. limit_s, 'WITHSCORES', 'LIMIT', 0, max)
    if #list == 2 * max and (not cut or tonumber(list[#list]) < tonumber(cut)) then cut = list[#list] end
    lists[from] = list
  end
  for from, list in ipairs(lists) do
    for i = 1, #list, 2 do
      if cut and tonumber(list[i + 1]) >= tonumber(cut) then break end
      due[#due + 1] = read(from, i, list[i], list[i + 1])
    end
  end
  if cut and #due == 0 then
    take_second(cut)
  else
    -- Of the second of the limit: those whose nanosecond has come.
    local wanted = limit_fraction and not cut and (#due < max or max == 0)
    for from, key in ipairs(wanted and keys or {}) do
      local n = redis_call('ZCOUNT', key, limit_s, limit_s)
      local first = n > FEW and random % (n - FEW + 1) or 0
      found.unseen = found.unseen or n > FEW
      for i, id in ipairs(n > 0 and redis_call('ZRANGEBYSCORE', key, limit_s, limit_s, 'LIMIT', first, FEW) or {}) do
        local item = read(from, i, id, limit_s)
        found.looked = found.looked + 1
        if item.fraction <= limit_fraction then
          due[#due + 1] = item
        elseif not found.nearest or item.fraction < found.nearest then
          found.nearest = item.fraction
        end
      end
    end
    sort_items(due)
  end

  local left = due[max + 1]
  if left and left.score == tonumber(limit_s) then found.nearest = left.fraction end
  found.more = cut ~= nil or left ~= nil or (found.unseen and #due > 0)
  for i = #due, max + 1, -1 do due[i] = nil end
  return found
end
