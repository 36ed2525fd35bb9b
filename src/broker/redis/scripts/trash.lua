-- Deletes tasks that are in the trash, and releases their locks.
-- KEYS: 1 P windlass:trash
-- ARGV: 1 P; 2 how many tasks at most
-- Returns 1 if there may be more, else 0.
local P, left = ARGV[1], tonumber(ARGV[2])
must_be('list', KEYS[1])
while left > 0 do
  local key = redis_call('LINDEX', KEYS[1], 0)
  if not key then return 0 end
  local is_list = redis_call('TYPE', key).ok == 'list'
  local ids = is_list and redis_call('LPOP', key, left) or not is_list and redis_call('ZPOPMIN', key, left) or {}
  local hashes = {}
  for i = 1, #ids, is_list and 1 or 2 do
    release_lock(P, ids[i])
    hashes[#hashes + 1] = P .. 't:' .. ids[i]
  end
  if #hashes > 0 then redis_call('UNLINK', unpack(hashes)) end
  if redis_call('EXISTS', key) == 0 then redis_call('LPOP', KEYS[1]) end
  left = left - math.max(1, #hashes)
end
return redis_call('EXISTS', KEYS[1])
