-- Says whether tasks of a queue may be lost. Aggregation sets whose hold ended go back.
-- KEYS: 1 P active
-- ARGV: 1 P; 2 now, ns
-- Returns 1 if the active tasks should be looked at, whatever their owners do, else 0; and the servers that may hold
--   some.
local P = ARGV[1]
local owners_key = P .. 'windlass:owners'
must_be('list', KEYS[1])
must_be('zset', P .. 'lease', P .. 'aggregation_sets')
must_be('set', owners_key, P .. 'groups')
reclaim_sets(P, ARGV[2])
local active, leases = redis_call('LLEN', KEYS[1]), redis_call('ZCARD', P .. 'lease')
if active == 0 and leases == 0 then
  redis_call('DEL', owners_key)
  return {0, {}}
end
local first_end = tonumber(redis_call('ZRANGE', P .. 'lease', 0, 0, 'WITHSCORES')[2] or 0)
local look = active ~= leases or first_end <= time_us() / 1000000
return {look and 1 or 0, redis_call('SMEMBERS', owners_key)}
