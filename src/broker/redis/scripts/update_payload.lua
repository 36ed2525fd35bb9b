-- Replaces the message of a scheduled task, if it still is what was read.
-- KEYS: 1 P t:ID
-- ARGV: 1 msg as read; 2 new msg; 3 new w:x
-- Returns 1 if it was replaced, 0 if there is no task, -1 if it is in another state, -2 if its message has changed.
local h = fields_of(KEYS[1], 'msg', 'state')
if not h[1] then return 0 end
if h[2] ~= 'scheduled' then return -1 end
if h[1] ~= ARGV[1] then return -2 end
redis_call('HSET', KEYS[1], 'msg', ARGV[2], 'w:x', ARGV[3])
return 1
