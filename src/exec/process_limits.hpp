// What a child process may take, and who it is: set in the child, between its start and the program that it becomes.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <windlass/error.hpp>

namespace windlass::exec {

// Who a process runs as. Ready made, because a child between vfork and exec cannot look users up.
struct UserIds {
  uid_t user = 0;
  gid_t group = 0;
  std::vector<gid_t> groups;  // all, `group` included
};

// A user of this system by name, or by number. Errors: kInvalidArgument (there is none).
Result<UserIds> find_user(const std::string& name);

// 0, empty and nothing: as this process.
struct ProcessLimits {
  std::uint64_t memory_max = 0;  // RLIMIT_AS
  int open_files_max = 0;        // RLIMIT_NOFILE
  int nice = 0;                  // added
  std::string working_folder;
  std::optional<UserIds> user;
};

// The step of apply_limits(), or the one before it, that failed; its text is what to put before the error.
enum class LimitStep : std::uint8_t { kNone, kMemory, kOpenFiles, kNice, kUser, kFolder, kCgroup };
const char* limit_step_text(LimitStep step);

// For the child: async-signal-safe, allocates nothing. errno says why a step failed.
LimitStep apply_limits(const ProcessLimits& limits);

}  // namespace windlass::exec
