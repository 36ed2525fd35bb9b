#include "exec/child_cgroup.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <string_view>
#include <thread>

namespace windlass::exec {
namespace {

constexpr std::string_view kPrefix = "windlass-";
// What was killed is gone a moment later; until then the folder cannot be removed.
constexpr int kRemoveAttempts = 100;
constexpr auto kRemovePause = std::chrono::milliseconds(1);

Error bad(const std::string& what) {
  return Error(ErrorCode::kInvalidArgument, "control group: " + what + ": " + std::strerror(errno));
}

bool put(const std::string& file, const std::string& text) {
  const Fd fd(::open(file.c_str(), O_WRONLY | O_CLOEXEC));
  return fd.open() && ::write(fd.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size());
}

bool limit_memory(const std::string& folder, std::uint64_t bytes) {
  if (!put(folder + "/memory.max", std::to_string(bytes))) return false;
  // Not there where the kernel has no swap, or is old.
  (void)put(folder + "/memory.swap.max", "0");
  (void)put(folder + "/memory.oom.group", "1");
  return true;
}

// Its folders are named "windlass-PID-NUMBER".
bool is_left_by_the_dead(const std::string& name) {
  if (!name.starts_with(kPrefix)) return false;
  pid_t pid = 0;
  const auto [end, failed] = std::from_chars(name.data() + kPrefix.size(), name.data() + name.size(), pid);
  return failed == std::errc() && end != name.data() + name.size() && *end == '-' && ::kill(pid, 0) != 0 && errno == ESRCH;
}

}  // namespace

Result<ChildCgroup> ChildCgroup::make(const std::string& parent, std::uint64_t memory_max) {
  static std::atomic<std::uint64_t> number = 0;
  const std::string folder =
      parent + "/" + std::string(kPrefix) + std::to_string(::getpid()) + "-" + std::to_string(++number);
  if (::mkdir(folder.c_str(), 0755) != 0) return bad("cannot make '" + folder + "'");
  Fd join(::open((folder + "/cgroup.procs").c_str(), O_WRONLY | O_CLOEXEC));
  ChildCgroup made(folder, std::move(join));
  if (!made.join_.open()) return bad("'" + parent + "' is no folder of cgroup v2 that this program may use");
  if (memory_max > 0 && !limit_memory(folder, memory_max)) {
    return bad("cannot limit memory below '" + parent + "': is the memory controller in its cgroup.subtree_control?");
  }
  return made;
}

ChildCgroup::~ChildCgroup() {
  for (int i = 0; !folder_.empty() && i < kRemoveAttempts; ++i) {
    if (::rmdir(folder_.c_str()) == 0 || errno != EBUSY) return;
    std::this_thread::sleep_for(kRemovePause);
  }
}

void ChildCgroup::kill() const { (void)put(folder_ + "/cgroup.kill", "1"); }

bool ChildCgroup::ran_out_of_memory() const {
  std::ifstream file(folder_ + "/memory.events");
  std::string key;
  for (std::uint64_t count = 0; file >> key >> count;) {
    if (key == "oom_kill") return count > 0;
  }
  return false;
}

void remove_dead_cgroups(const std::string& parent) {
  std::error_code failed;
  for (const auto& entry : std::filesystem::directory_iterator(parent, failed)) {
    if (is_left_by_the_dead(entry.path().filename())) ::rmdir(entry.path().c_str());
  }
}

}  // namespace windlass::exec
