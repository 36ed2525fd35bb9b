-- Stands in front of list.lua and task.lua: what of a task's hash is shown.

local function read_task(key)
  return fields_of(key, 'msg', 'w:x', 'w:at', 'w:fail', 'w:crashes', 'w:run', 'w:progress', 'w:back', 'result')
end

-- Appends the task as eleven values: id, score or false, and what read_task() gave. The result is cut to result_max bytes.
-- Returns how many bytes that is, about.
local function add_task(out, id, score, h, result_max)
  local result = h[9] and string.sub(h[9], 1, result_max)
  local n = #out
  out[n + 1], out[n + 2], out[n + 3], out[n + 4], out[n + 5], out[n + 6] = id, score, h[1], h[2], h[3], h[4]
  out[n + 7], out[n + 8], out[n + 9], out[n + 10], out[n + 11] = h[5], h[6], h[7], h[8], result
  return 200 + #h[1] + (result and #result or 0)
end
