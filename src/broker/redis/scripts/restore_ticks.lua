-- Remembers which ticks of entries were taken elsewhere.
-- KEYS: 1 the hash of ticks
-- ARGV: for each: entry, its greatest nominal time taken (ns), "LAST RUNS KEY" as enqueue.lua keeps it
-- Returns 1. An entry that took the same tick or a later one here stays as it is.
must_be('hash', KEYS[1])
for i = 1, #ARGV, 3 do
  local entry, last, text = ARGV[i], ARGV[i + 1], ARGV[i + 2]
  local kept = redis_call('HGET', KEYS[1], entry)
  local kept_last = kept and string.match(kept, '^(%-?%d+)')
  if not kept_last or less(kept_last, last) then redis_call('HSET', KEYS[1], entry, text) end
end
return 1
