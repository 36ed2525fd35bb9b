// HandlerOptions: where a handler runs, and within which limits. docs/guide/isolation.md says when to choose what.
//
//   using namespace windlass::literals;
//   mux.handle("video:", convert, {.isolation = windlass::Isolation::kProcess, .memory_max = 512_MiB});
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <windlass/time.hpp>

namespace windlass {

// Where a handler runs.
enum class Isolation : std::uint8_t {
  kDefault,  // as ServerConfig::isolation says; there: threads
  kThread,   // on a thread of the server's process
  kProcess,  // in a child process: what the handler breaks there fails its task, and nothing else
};

// What is left at its default is taken from ServerConfig::isolation; what is left there, too, has the default named
// here. All but `isolation` are for Isolation::kProcess and mean nothing elsewhere. Thread-compatible value.
struct HandlerOptions {
  Isolation isolation = Isolation::kDefault;

  // Address space of one child in bytes, code and stacks included (RLIMIT_AS). An allocation beyond it fails, and if
  // the run fails of that, its failure is FailureKind::kMemory. With `cgroup`: see there. Default: no limit.
  std::uint64_t memory_max = 0;
  // CPU time of one run, in whole seconds, rounded up (RLIMIT_CPU): a run that takes more ends by SIGXCPU. Needs
  // handlers_per_child 1. Default: no limit.
  Duration cpu_time_max{};
  // Open file descriptors of one child (RLIMIT_NOFILE); at least 32. Default: as the server's process.
  int open_files_max = 0;
  // Added to the nice value of the server's process, 0 to 19. Default: 0.
  int nice = 0;
  // Default: the server's. A path that is not absolute is one below the server's.
  std::string working_folder = {};
  // A folder of cgroup v2 that is delegated to this program. Each child gets a control group of its own below it. memory_max is
  // then what the child and all that it has started may hold together, which needs the memory controller; and all of it ends
  // with the child, also what has left its process group. Default: none.
  std::string cgroup = {};
  // Names of the environment variables that children inherit; all others are taken away. Default: they inherit
  // everything.
  std::optional<std::vector<std::string>> environment = {};

  // Handlers that one child runs at the same time, on threads. With 1, output and crashes always tell which task they
  // belong to. Default: 1.
  int handlers_per_child = 0;
  // A child that has run so many tasks is replaced by a new one. Default: no limit.
  int tasks_per_child = 0;
  // A child that holds more resident memory than so many bytes after a run is replaced by a new one. Default: no limit.
  std::uint64_t rss_max = 0;
  // How long a handler that is told to stop may go on before its child gets SIGTERM; SIGKILL follows a second later,
  // both to the child's whole process group. At most 24 h. Default: 5 s.
  Duration grace{};

  friend bool operator==(const HandlerOptions&, const HandlerOptions&) = default;
};

// Sizes: 512_MiB.
inline namespace literals {
// Sizes in bytes: 2^10, 2^20, 2^30.
constexpr std::uint64_t operator""_KiB(unsigned long long n) { return n << 10; }
constexpr std::uint64_t operator""_MiB(unsigned long long n) { return n << 20; }
constexpr std::uint64_t operator""_GiB(unsigned long long n) { return n << 30; }
}  // namespace literals

}  // namespace windlass
