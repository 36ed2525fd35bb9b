-- Puts the tasks of an aggregation set back into their group, if it is still held.
-- KEYS: 1 P aggregation_sets
-- ARGV: 1 P; 2 key of the set
must_be('zset', KEYS[1])
must_be('set', ARGV[1] .. 'groups')
put_back_set(ARGV[1], ARGV[2])
return redis.status_reply('OK')
