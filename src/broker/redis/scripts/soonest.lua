-- Stands in front of scripts that take what is due from sorted sets: scores are whole seconds, the exact times stand in
-- w:at.

-- So many tasks of one second are put into the order of their exact times; if there are more, they go by id.
local FEW = 1000
-- So many are read to find the soonest of them, again and again.
local FEW_READ = 8

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

local function read_item(P, fields, from, place, id, score)
  local h = fields_of(P .. 't:' .. id, 'w:at', unpack(fields))
  return {id = id, from = from, place = place, score = tonumber(score), fraction = fraction_in(score, h[1]), fields = h}
end

-- So many ids of one second, beginning with a random one if they are more.
local function ids_of_second(key, second, n, random)
  if n == 0 then return {} end
  local first = n > FEW and math.min(random % math.ceil(n / FEW) * FEW, n - FEW) or 0
  return redis_call('ZRANGEBYSCORE', key, second, second, 'LIMIT', first, FEW)
end

-- Finds the tasks of the sorted sets `keys` whose time is at most `limit_s` seconds and `limit_fraction` ns ('+inf' and
-- nil: all), the soonest first, `max` of them or less; there is one at least if any is due.
-- Returns a table: `due`, items {id, from (number of its key), fields (w:at first, then those asked for)}; `at_head`,
-- whether they are the first of their sets; `more`, whether more may be due. And of the second of the limit: `looked`,
-- how many tasks were looked at, `nearest`, the fraction of the soonest of them that is not among `due`, and `unseen`,
-- whether there are others. `random` decides at which of them to look if they are many. `take_present(found, counts)` takes from the
-- second of the limit instead, if given: `counts` are those of its tasks in each set.
local function find_due(P, keys, fields, limit_s, limit_fraction, max, random, take_present)
  local found = {due = {}, more = false, looked = 0, unseen = false}
  local due = found.due

  -- The first `max` ids of one or two lists that are in order, each with the number of its list.
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

  -- The first ids of the second `score`, in the order of ids. They stand at the head of their sets.
  local function take_crowd(score)
    local lists = {}
    for from, key in ipairs(keys) do lists[from] = redis_call('ZRANGEBYSCORE', key, score, score, 'LIMIT', 0, max) end
    for place, entry in ipairs(merge(lists)) do
      local h = fields_of(P .. 't:' .. entry[2], 'w:at', unpack(fields))
      due[place] = {id = entry[2], from = entry[1], fields = h}
    end
    found.at_head, found.more = true, true
  end

  -- Whole seconds before that of the limit. One that the end of a list cuts in two is left for the next time, unless it
  -- is the first.
  local function take_seconds()
    local lists, cut = {}, nil
    for from, key in ipairs(keys) do
      local list = redis_call('ZRANGEBYSCORE', key, '-inf', '(' .. limit_s, 'WITHSCORES', 'LIMIT', 0, max)
      if #list == 2 * max and (not cut or tonumber(list[#list]) < tonumber(cut)) then cut = list[#list] end
      lists[from] = list
    end
    for from, list in ipairs(lists) do
      for i = 1, #list, 2 do
        if cut and tonumber(list[i + 1]) >= tonumber(cut) then break end
        due[#due + 1] = read_item(P, fields, from, i, list[i], list[i + 1])
      end
    end
    if cut and #due == 0 then
      for from, key in ipairs(keys) do
        for place, id in ipairs(redis_call('ZRANGEBYSCORE', key, cut, cut)) do
          due[#due + 1] = read_item(P, fields, from, place, id, cut)
        end
      end
    end
    found.more = cut ~= nil
  end

  -- Of the second of the limit: those whose nanosecond has come.
  local function look_at_present(_, counts)
    for from, key in ipairs(keys) do
      found.unseen = found.unseen or counts[from] > FEW
      for i, id in ipairs(ids_of_second(key, limit_s, counts[from], random)) do
        local item = read_item(P, fields, from, i, id, limit_s)
        found.looked = found.looked + 1
        if item.fraction <= limit_fraction then
          due[#due + 1] = item
        elseif not found.nearest or item.fraction < found.nearest then
          found.nearest = item.fraction
        end
      end
    end
  end

  local head, crowd = nil, 0
  for _, key in ipairs(keys) do
    local score = redis_call('ZRANGE', key, 0, 0, 'WITHSCORES')[2]
    if score and (not head or tonumber(score) < tonumber(head)) then head = score end
  end
  local past = head and (not limit_fraction or tonumber(head) < tonumber(limit_s))
  for _, key in ipairs(past and keys or {}) do crowd = crowd + redis_call('ZCOUNT', key, head, head) end
  if past and max > 0 and crowd > FEW then
    take_crowd(head)
    return found
  end
  if past and max > 0 then take_seconds() end
  if limit_fraction and not found.more and (#due < max or (max == 0 and not past)) then
    local counts, n = {}, 0
    for from, key in ipairs(keys) do
      counts[from] = redis_call('ZCOUNT', key, limit_s, limit_s)
      n = n + counts[from]
    end
    local take = n > FEW_READ and take_present or look_at_present
    take(found, counts)
  end
  sort_items(due)

  local left = due[max + 1]
  if left and left.score == tonumber(limit_s) then found.nearest = left.fraction end
  found.more = found.more or left ~= nil or (found.unseen and #due > 0)
  for i = #due, max + 1, -1 do due[i] = nil end
  return found
end

-- Removes from the sets what was found in them.
local function remove_due(keys, found)
  local ids = {}
  for from = 1, #keys do ids[from] = {} end
  for _, item in ipairs(found.due) do
    local list = ids[item.from]
    list[#list + 1] = item.id
  end
  for from, key in ipairs(keys) do
    if #ids[from] > 0 and found.at_head then
      redis_call('ZREMRANGEBYRANK', key, 0, #ids[from] - 1)
    elseif #ids[from] > 0 then
      redis_call('ZREM', key, unpack(ids[from]))
    end
  end
end
