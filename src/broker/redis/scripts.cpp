#include "broker/redis/scripts.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "broker/redis/script_sources.hpp"

namespace windlass::broker {
namespace {

// What brings tasks to an end must work when Redis is out of memory, else it stays so.
constexpr std::string_view kAllowOom = "#!lua flags=allow-oom\n";
constexpr std::string_view kPlain = "#!lua\n";
constexpr std::string_view kReadOnly = "#!lua flags=no-writes\n";

redis::Script make(std::string_view head, std::string_view source) {
  return redis::Script(std::string(head) + std::string(lua::common) + std::string(source));
}

// A script that needs what stands in `part`.
redis::Script make(std::string_view head, std::string_view part, std::string_view source) {
  return make(head, std::string(part) + std::string(source));
}

// enqueue.lua as a function.
std::string enqueue_function() { return "local function enqueue()\n" + std::string(lua::enqueue) + "\nend\n"; }

// Takes the function that begins at the first `local function` out of the source. Nothing if there is none.
std::optional<std::pair<std::string, std::string>> take_function(std::string& source) {
  constexpr std::string_view kBegin = "\nlocal function ", kEnd = "\nend\n";
  const std::size_t begin = source.find(kBegin);
  if (begin == std::string::npos) return std::nullopt;
  const std::size_t name = begin + kBegin.size();
  // Some are written in one line.
  const std::size_t line = source.find('\n', name), end = source.find(kEnd, name);
  const bool one_line = line == std::string::npos || source.substr(0, line).ends_with(" end");
  const std::size_t behind = one_line ? std::min(line, source.size()) : std::min(end + kEnd.size() - 1, source.size());
  std::pair<std::string, std::string> function{source.substr(name, source.find('(', name) - name), source.substr(begin, behind - begin)};
  source.erase(begin, behind - begin);
  return function;
}

void add_commands_in(std::string_view source, std::set<std::string>& commands) {
  constexpr std::string_view kCall = "call('";
  for (std::size_t at = source.find(kCall); at != source.npos; at = source.find(kCall, at)) {
    at += kCall.size();
    commands.insert(std::string(source.substr(at, source.find('\'', at) - at)));
  }
}

// Where a slot of a cluster is on its way to another node, some keys of a queue are here and some there. To a script that meets a key which is
// not here, it looks as if it did not exist, or the script ends half way. A command with two keys, one of which never exists, is refused
// by both nodes from the first to the last moment of it.
constexpr std::string_view kMoveGuard = R"(do
  local answer = redis.pcall('EXISTS', KEYS[1], KEYS[1] .. ':windlass:nothing')
  if type(answer) == 'table' and answer.err then
    if string.find(answer.err, 'non local key', 1, true) then
      error({err = 'TRYAGAIN the slot of ' .. KEYS[1] .. ' is on its way to another node: nothing was done'})
    end
    error(answer)
  end
end
)";

// Stands in front of a script for a user who may not run every command.
std::string permission_guard(ScriptName name, bool moves) {
  std::set<std::string> commands = commands_of(name);
  if (moves) add_commands_in(kMoveGuard, commands);
  std::string text = "for _, c in ipairs({";
  for (const std::string& command : commands) {
    text += '{';
    for (const std::string& word : permission_question(command, "KEYS[1]")) text += (word == "KEYS[1]" ? word : "'" + word + "'") + ",";
    text += "},";
  }
  return text + "}) do\n  if not redis.acl_check_cmd(unpack(c)) then\n"
                "    error({err = 'NOPERM this user may not run ' .. c[1] .. ' on ' .. KEYS[1] .. ', which is needed: nothing was done'})\n"
                "  end\nend\n";
}

bool writes(const redis::Script& script) { return !script.source().starts_with(kReadOnly); }

// Whether all its keys belong to one queue.
bool is_of_a_queue(ScriptName name) {
  return name != ScriptName::kPublishRecord && name != ScriptName::kRegisterRecord && name != ScriptName::kPublishCancels &&
         name != ScriptName::kRefusals;
}

redis::Script add_guards(ScriptName name, ScriptGuards guards) {
  const redis::Script& plain = script(name);
  const std::size_t head = plain.source().find('\n') + 1;
  const bool moves = guards.moves && is_of_a_queue(name);
  std::string source = plain.source().substr(0, head);
  if (guards.permissions && writes(plain)) source += permission_guard(name, moves);
  if (moves) source += kMoveGuard;
  return redis::Script(source + plain.source().substr(head));
}

template <bool permissions, bool moves>
const redis::Script& guarded(ScriptName name) {
  static const std::vector<redis::Script> all = [] {
    std::vector<redis::Script> scripts;
    for (unsigned i = 0; i < kScriptCount; ++i) scripts.push_back(add_guards(static_cast<ScriptName>(i), {permissions, moves}));
    return scripts;
  }();
  return all[static_cast<std::size_t>(name)];
}

}  // namespace

std::set<std::string> commands_of(ScriptName name) {
  std::string used = script(name).source();
  std::map<std::string, std::string> functions;
  while (auto function = take_function(used)) functions.insert(*std::move(function));
  for (bool found = true; found;) {
    found = false;
    for (auto it = functions.begin(); it != functions.end() && !found; ++it) {
      if (used.find(it->first + "(") == std::string::npos && used.find(it->first + ")") == std::string::npos) continue;
      used += it->second;
      functions.erase(it);
      found = true;
      break;
    }
  }
  std::set<std::string> commands;
  add_commands_in(used, commands);
  commands.erase("MEMORY");   // shown where it is allowed
  commands.erase("PUBLISH");  // its permission is that of a channel
  return commands;
}

std::vector<std::string> permission_question(const std::string& command, const std::string& key) {
  if (command == "TIME") return {command};
  if (command == "ZUNIONSTORE") return {command, key, "1", key};
  return {command, key, key, key};
}

const redis::Script& script(ScriptName name, ScriptGuards guards) {
  if (guards.permissions) return guards.moves ? guarded<true, true>(name) : guarded<true, false>(name);
  return guards.moves ? guarded<false, true>(name) : script(name);
}

const redis::Script& script(ScriptName name) {
  // In the order of ScriptName.
  static const std::array kScripts{
      make(kPlain, lua::enqueue),        make(kAllowOom, lua::fetch),        make(kAllowOom, lua::take_back),
      make(kAllowOom, lua::finish),      make(kAllowOom, lua::extend),       make(kPlain, lua::update),
      make(kAllowOom, lua::soonest, lua::forward),
      make(kAllowOom, lua::survey),      make(kReadOnly, lua::find_lost),    make(kAllowOom, lua::recover),
      make(kAllowOom, lua::soonest, lua::clean),
      make(kAllowOom, lua::group_take),   make(kPlain, enqueue_function(), lua::group_finish),
      make(kAllowOom, lua::group_release), make(kReadOnly, lua::queue_info), make(kReadOnly, lua::task_fields, lua::list),
      make(kReadOnly, lua::task_fields, lua::task),
      make(kAllowOom, lua::act),         make(kPlain, lua::update_payload),  make(kAllowOom, lua::remove_queue),
      make(kAllowOom, lua::trash),       make(kAllowOom, lua::publish_record), make(kAllowOom, lua::register_record),
      make(kAllowOom, lua::publish_cancels), make(kPlain, lua::restore),    make(kPlain, lua::restore_counts),
      make(kPlain, lua::restore_ticks),  make(kReadOnly, lua::refusals),
  };
  return kScripts[static_cast<std::size_t>(name)];
}

}  // namespace windlass::broker
