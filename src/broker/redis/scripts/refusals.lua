-- Which commands the present user may not run. Runs none of them.
-- KEYS: 1 a key of the queue that the commands name
-- ARGV: each a command with its arguments, separated by blanks
-- Returns the numbers of those that are refused.
local refused = {}
for i = 1, #ARGV do
  local words = {}
  for word in string.gmatch(ARGV[i], '%S+') do words[#words + 1] = word end
  local known, allowed = pcall(redis.acl_check_cmd, unpack(words))
  if not known or not allowed then refused[#refused + 1] = i end
end
return refused
