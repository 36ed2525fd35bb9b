-- Shows one task.
-- KEYS: 1 P t:ID
-- ARGV: 1 P; 2 id
-- Returns now (us, Redis' clock), state, and the task as eleven values (task_fields.lua); nothing if there is none.
local P, id = ARGV[1], ARGV[2]
local state = fields_of(KEYS[1], 'state')[1]
local h = read_task(KEYS[1])
if not state or not h[1] then return {} end
local key = state == 'active' and 'lease' or state
local has_score = key == 'lease' or key == 'scheduled' or key == 'retry' or key == 'archived' or key == 'completed'
local out = {}
add_task(out, id, has_score and redis_call('ZSCORE', P .. key, id), h, #(h[9] or ''))
return {integer(time_us()), state, out}
