// The Lua scripts of the broker. Their sources stand in scripts/, each with its KEYS and ARGV written above it; they are compiled
// into the library (CMakeLists.txt). common.lua stands in front of each.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "redis/script.hpp"

namespace windlass::broker {

enum class ScriptName : unsigned char {
  kEnqueue, kFetch, kTakeBack, kFinish, kExtend, kUpdate, kForward, kSurvey, kFindLost, kRecover, kClean,
  kGroupTake, kGroupFinish, kGroupRelease, kQueueInfo, kList, kTask, kAct, kUpdatePayload, kRemoveQueue, kTrash, kPublishRecord,
  kRegisterRecord, kPublishCancels, kRestore, kRestoreCounts, kRestoreTicks, kRefusals,
};
inline constexpr unsigned kScriptCount = static_cast<unsigned>(ScriptName::kRefusals) + 1;

// Without guards. Lives as long as the program. Thread-safe.
const redis::Script& script(ScriptName name);

// What a script looks at before it does anything. It ends with an error where it must not begin.
struct ScriptGuards {
  bool permissions = false;  // for a user who may not run every command: NOPERM, which names the command that is missing
  bool moves = false;        // on a cluster: TRYAGAIN, while the slot of its queue is on its way to another node
};
// The same script with these guards.
const redis::Script& script(ScriptName name, ScriptGuards guards);

// The commands that the script may run, but for those that it can do without, in capitals. Commands of functions that it does not use
// are left out.
std::set<std::string> commands_of(ScriptName name);

// What acl_check_cmd() is to be asked for one of them, with a key that it would use: all its words.
std::vector<std::string> permission_question(const std::string& command, const std::string& key);

}  // namespace windlass::broker
