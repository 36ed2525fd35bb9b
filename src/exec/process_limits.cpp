#include "exec/process_limits.hpp"

#include <grp.h>
#include <pwd.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>

namespace windlass::exec {
namespace {

std::optional<uid_t> number_in(const std::string& text) {
  uid_t number = 0;
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (failed != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

// Both limits: a soft one alone, the program could raise.
bool limit_to(__rlimit_resource what, rlim_t value) {
  const rlimit both{value, value};
  return ::setrlimit(what, &both) == 0;
}

// By system call: the functions of glibc would change every thread of the parent, whose memory a child between vfork
// and exec shares.
bool become_user(const UserIds& ids) {
  return ::syscall(SYS_setgroups, ids.groups.size(), ids.groups.data()) == 0 &&
         ::syscall(SYS_setresgid, ids.group, ids.group, ids.group) == 0 &&
         ::syscall(SYS_setresuid, ids.user, ids.user, ids.user) == 0;
}

}  // namespace

Result<UserIds> find_user(const std::string& name) {
  std::vector<char> buffer(16 << 10);
  passwd entry{};
  passwd* found = nullptr;
  const std::optional<uid_t> number = number_in(name);
  const int failed = number ? ::getpwuid_r(*number, &entry, buffer.data(), buffer.size(), &found)
                            : ::getpwnam_r(name.c_str(), &entry, buffer.data(), buffer.size(), &found);
  if (failed != 0 || found == nullptr) return Error(ErrorCode::kInvalidArgument, "there is no user '" + name + "'");
  UserIds ids{.user = entry.pw_uid, .group = entry.pw_gid};
  int count = 64;
  ids.groups.resize(static_cast<std::size_t>(count));
  while (::getgrouplist(entry.pw_name, entry.pw_gid, ids.groups.data(), &count) < 0) {
    ids.groups.resize(static_cast<std::size_t>(count));
  }
  ids.groups.resize(static_cast<std::size_t>(count));
  return ids;
}

const char* limit_step_text(LimitStep step) {
  switch (step) {
    case LimitStep::kNone: return "within its limits";
    case LimitStep::kMemory: return "cannot limit its memory";
    case LimitStep::kOpenFiles: return "cannot limit its open files";
    case LimitStep::kNice: return "cannot set its nice value";
    case LimitStep::kUser: return "cannot become the user it is to run as";
    case LimitStep::kFolder: return "cannot go to its working folder";
    case LimitStep::kCgroup: return "cannot join its control group";
  }
  return "";
}

LimitStep apply_limits(const ProcessLimits& limits) {
  if (limits.open_files_max > 0 && !limit_to(RLIMIT_NOFILE, static_cast<rlim_t>(limits.open_files_max)))
    return LimitStep::kOpenFiles;
  if (limits.nice > 0) {
    errno = 0;
    if (::nice(limits.nice) == -1 && errno != 0) return LimitStep::kNice;
  }
  if (limits.user && !become_user(*limits.user)) return LimitStep::kUser;
  if (!limits.working_folder.empty() && ::chdir(limits.working_folder.c_str()) != 0) return LimitStep::kFolder;
  if (limits.memory_max > 0 && !limit_to(RLIMIT_AS, limits.memory_max)) return LimitStep::kMemory;
  return LimitStep::kNone;
}

}  // namespace windlass::exec
