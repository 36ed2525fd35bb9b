// Starting one child process: its own process group, pipes on its three standard descriptors and nothing inherited but what is
// asked for, default signal handlers, no signal blocked.
//
// By vfork, as posix_spawn does it inside, for the one thing that posix_spawn cannot: the child announces its group to the guard
// (child_guard.hpp) before it becomes the command. Announced afterwards, a worker that was killed in that moment left the
// command running: on a busy machine that is milliseconds, and a test met it.
#pragma once

#include <sys/types.h>

#include <span>
#include <string>
#include <vector>

#include <windlass/error.hpp>

#include "exec/fd.hpp"
#include "exec/process_limits.hpp"

namespace windlass::exec {

// A running child, not yet waited for. Its process group has the number `pid`. The pipes do not block.
struct Child {
  pid_t pid = -1;
  Fd pidfd;     // readable when the child has ended
  Fd input;     // to its stdin
  Fd output;    // from its stdout
  Fd error;     // from its stderr
};

struct SpawnOptions {
  std::string program;        // what to execute in place of argv[0]; a path
  int announce_to = -1;       // ChildGuard::announce_fd()
  int death_signal = 0;       // sent to the child when the calling thread ends; 0 = none
  int cgroup_join = -1;       // ChildCgroup::join_fd()
  std::vector<int> inherit;   // become the descriptors 3, 4, ... of the child
  // Nothing on stdin, and one pipe for stdout and stderr together: Child::output.
  bool joined_output = false;
  ProcessLimits limits;
};

// argv[0] is looked up in PATH if it has no slash. `environment` is the whole of it, as "KEY=value".
//
// Errors: kInvalidArgument (no such command, no permission to run it, not a program, arguments too long, limits that cannot
// be set), kResourceExhausted (processes, descriptors, memory: it may go well later). No process is left behind, and none announced.
Result<Child> spawn_child(const std::vector<std::string>& argv, const std::vector<std::string>& environment,
                          const SpawnOptions& options = {});

// The environment of this process with `additions` ("KEY=value") put over it.
std::vector<std::string> environment_with(std::span<const std::string> additions);

// How spawn_child would find argv[0]: the path. Errors: kInvalidArgument, saying where it was looked for.
Result<std::string> find_command(const std::string& name);

}  // namespace windlass::exec
