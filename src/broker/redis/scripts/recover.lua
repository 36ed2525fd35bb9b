-- Takes lost tasks of one queue from their servers (find_lost.lua): requeues them as the next to run, in the given
-- order, and counts a crash. Those that crashed too often stay active under a number of the caller's, who archives
-- them. Ids without a task go.
-- KEYS: 1 P pending
-- ARGV: 1 P; 2 now, ns; 3 so many crashes are too many (0: never); 4 number; 5 lease of those that stay active, us;
--   then for each task what find_lost.lua said: id, place, score, w:run
-- Returns for each task: n > 0, requeued after its n-th crash; n < 0, to be archived after its -n-th crash; 0, nothing
-- happened, as it is not as it was found or is no task.
local P, now, limit, nonce = ARGV[1], ARGV[2], tonumber(ARGV[3]), ARGV[4]
local active_key, lease_key = P .. 'active', P .. 'lease'
local ends = time_us() + tonumber(ARGV[5])
must_be('list', KEYS[1], active_key)
must_be('zset', lease_key)

-- Places in the list are blanked first and removed all at once: no search for each id.
local blanked = 0
local function leave(id, place)
  if place > 0 and redis_call('LINDEX', active_key, -place) == id then
    redis_call('LSET', active_key, -place, '')
    blanked = blanked + 1
  elseif place > 0 then
    redis_call('LREM', active_key, -1, id)
  end
  redis_call('ZREM', lease_key, id)
end

local out, requeued = {}, {}
for i = 6, #ARGV, 4 do
  local id, place, score, run = ARGV[i], tonumber(ARGV[i + 1]), ARGV[i + 2], ARGV[i + 3]
  local key = P .. 't:' .. id
  local h = fields_of(key, 'state', 'w:run', 'w:crashes', 'msg')
  local found, lease, started = parse_run(h[2])
  local is_task = h[4]
  local result = 0
  if (redis_call('ZSCORE', lease_key, id) or '') ~= score or (h[2] or '') ~= run then
    -- Its server was quicker.
  elseif is_task and h[1] == 'active' then
    result = (tonumber(h[3]) or 0) + 1
    if limit > 0 and result >= limit then
      local claim = nonce .. ':' .. integer(ends) .. ':' .. (started or now) .. ':'
      redis_call('HSET', key, 'w:crashes', result, 'w:run', claim)
      redis_call('ZADD', lease_key, integer(math.floor(ends / 1000000)), id)
      local progress = redis_call('HGET', key, 'w:progress')
      if progress and found and string.sub(progress, 1, #found) == found then
        redis_call('HSET', key, 'w:progress', nonce .. string.sub(progress, #found + 1))
      end
      result = -result
    else
      leave(id, place)
      redis_call('HSET', key, 'state', 'pending', 'pending_since', now, 'w:crashes', result)
      if found and score ~= '' and math.floor(lease / 1000000) == tonumber(score) then
        redis_call('HSET', key, 'w:back', found)
      end
      redis_call('HDEL', key, 'w:run')
      table.insert(requeued, 1, id)
    end
  else
    leave(id, place)
    if not is_task then redis_call('DEL', key) end
  end
  out[#out + 1] = result
end
if blanked > 0 then redis_call('LREM', active_key, -blanked, '') end
if #requeued > 0 then redis_call('RPUSH', KEYS[1], unpack(requeued)) end
return out
