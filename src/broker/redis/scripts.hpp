// The Lua scripts of the broker. Their sources stand in scripts/, each with its KEYS and ARGV written above it; they are compiled
// into the library (CMakeLists.txt). common.lua stands in front of each.
#pragma once

#include "redis/script.hpp"

namespace windlass::broker {

enum class ScriptName : unsigned char {
  kEnqueue, kFetch, kTakeBack, kFinish, kExtend, kUpdate, kForward, kSurvey, kFindLost, kRecover, kClean,
  kGroupTake, kGroupFinish, kGroupRelease, kQueueInfo, kList, kTask, kAct, kUpdatePayload, kRemoveQueue, kTrash, kPublishRecord,
  kRegisterRecord, kPublishCancels, kRefusals,
};
inline constexpr unsigned kScriptCount = static_cast<unsigned>(ScriptName::kRefusals) + 1;

// Lives as long as the program. Thread-safe.
const redis::Script& script(ScriptName name);

}  // namespace windlass::broker
