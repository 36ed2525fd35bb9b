-- Deletes completed tasks whose record ended, and archived ones that are too old or too many, the oldest first.
-- KEYS: 1 P completed
-- ARGV: 1 P; 2 now, s; 3 now, ns within the second; 4 how many completed ones at most; 5 how many archived ones at
--   most; 6 so many may stay archived; 7, 8 those archived until then go, as 2 and 3; 9 a random number
-- Returns how many completed and how many archived ones were deleted; and for both 1 if more may be to delete, else 0.
local P, completed_key, archived_key = ARGV[1], KEYS[1], ARGV[1] .. 'archived'
local completed_max, archived_max, random = tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[9])
must_be('zset', completed_key, archived_key)
local over = redis_call('ZCARD', archived_key) - tonumber(ARGV[6])

local function delete(key, found)
  local hashes = {}
  for i, item in ipairs(found.due) do hashes[i] = P .. 't:' .. item.id end
  if #hashes == 0 then return end
  remove_due({key}, found)
  redis_call('UNLINK', unpack(hashes))
end

local completed = find_due(P, {completed_key}, {}, ARGV[2], tonumber(ARGV[3]), completed_max, random)
delete(completed_key, completed)

local archived = find_due(P, {archived_key}, {}, ARGV[7], tonumber(ARGV[8]), archived_max, random)
if #archived.due < math.min(over, archived_max) then
  archived = find_due(P, {archived_key}, {}, '+inf', nil, math.min(over, archived_max), random)
  archived.more = over > #archived.due
end
for _, item in ipairs(archived.due) do release_lock(P, item.id) end
delete(archived_key, archived)
return {#completed.due, #archived.due, completed.more and 1 or 0, archived.more and 1 or 0}
