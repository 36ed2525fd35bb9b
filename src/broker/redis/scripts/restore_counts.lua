-- Raises counters of one queue that are less than what they were elsewhere.
-- KEYS: 1 P processed
-- ARGV: 1 P; then for each: what follows P in its name, number, when it ends (s), or 0
-- Returns 1.
local P = ARGV[1]
for i = 2, #ARGV, 3 do must_be('string', P .. ARGV[i]) end
for i = 2, #ARGV, 3 do
  local counter, number, expiry = P .. ARGV[i], ARGV[i + 1], ARGV[i + 2]
  local present = redis_call('GET', counter)
  if number ~= '0' and (not present or not string.find(present, '^%d+$') or less(present, number)) then
    redis_call('SET', counter, number)
    if expiry ~= '0' then redis_call('EXPIREAT', counter, expiry) end
  end
end
return 1
