-- Finds active tasks that are lost: their server is dead, their lease ended (Asynq's servers have 30 s more), or they
-- have none. Also ids without a task, and leases without an active task.
-- KEYS: 1 P active
-- ARGV: 1 P; 2 how many of the longest running to pass over; 3 how many of the next to look at; then the dead servers
-- Returns how many were looked at, then five values for each lost one, the longest running first: id, its place from
-- the end of the list (0: not there), score in `lease` or '', w:run or '', its server or ''.
local P, passed, wanted = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])
local ASYNQ_GRACE_S, STRAYS = 30, 20
local lease_key = P .. 'lease'
local dead = {}
for i = 4, #ARGV do dead[ARGV[i]] = true end
local now = time_us()
local long_ended = math.floor(now / 1000000) - ASYNQ_GRACE_S

-- Tasks of one fetch have the same w:run: each is read once.
local runs = {}
local function read_run(text)
  if not runs[text] then
    local nonce, lease, _, owner = parse_run(text)
    runs[text] = {}
    if nonce then
      runs[text] = {second = math.floor(lease / 1000000), lost = lease <= now or dead[owner], owner = owner}
    end
  end
  return runs[text]
end

must_be('list', KEYS[1])
must_be('zset', lease_key)
local ids = redis_call('LRANGE', KEYS[1], -(passed + wanted), -(passed + 1))
local scores = #ids > 0 and redis_call('ZMSCORE', lease_key, unpack(ids)) or {}
local out = {#ids}
local function add(id, place, score, run, owner)
  for _, value in ipairs({id, place, score or '', run or '', owner}) do out[#out + 1] = value end
end

for i = #ids, 1, -1 do
  local id, score = ids[i], tonumber(scores[i] or nil)
  local h = fields_of(P .. 't:' .. id, 'state', 'w:run')
  local run = h[2] and read_run(h[2]) or {}
  local ours = h[1] == 'active' and run.second and (not score or run.second == score)
  local lost = not h[1] or not score
  if not lost and ours then lost = run.lost end
  if not lost and not ours then lost = score <= long_ended end
  if lost then add(id, passed + #ids - i + 1, scores[i], h[2], ours and run.owner or '') end
end

if #ids < wanted and redis_call('ZCARD', lease_key) > redis_call('LLEN', KEYS[1]) then
  local ended = redis_call('ZRANGEBYSCORE', lease_key, '-inf', long_ended, 'WITHSCORES', 'LIMIT', 0, STRAYS)
  for i = 1, #ended, 2 do
    if not redis_call('LPOS', KEYS[1], ended[i]) then
      add(ended[i], 0, ended[i + 1], fields_of(P .. 't:' .. ended[i], 'w:run')[1], '')
    end
  end
end
return out
