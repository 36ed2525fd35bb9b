// ChildGuard: the commands that a worker runs do not outlive it, not even when it is killed with -9.
//
// A small process (this binary, run again as `windlass __guard`) holds the other end of a socket and a list of the process
// groups that run. When the worker is gone, however it went, the socket ends, and the guard kills the groups: the
// tasks are about to run elsewhere.
//
// Why not PR_SET_PDEATHSIG: it reaches the command only, not what that has started, and a shell that dies leaves its children. The
// guard costs two small writes a task. A process that left its group (setsid) is nobody's.
#pragma once

#include <sys/types.h>

#include <atomic>
#include <memory>
#include <string>

#include <windlass/error.hpp>

#include "exec/fd.hpp"

namespace windlass::exec {

inline constexpr const char* kGuardCommand = "__guard";

// Thread-safe. Destroying it ends the guard, which kills what is still announced.
class ChildGuard {
 public:
  // Starts `program` with the single argument kGuardCommand; it must call run_guard().
  // Errors: kUnavailable.
  static Result<std::unique_ptr<ChildGuard>> start(const std::string& program = "/proc/self/exe");
  ~ChildGuard();

  // Where a child announces its group: see spawn_child(). A child that has not come so far yet holds the socket open, so that
  // the guard does not give up before it has heard of it.
  int announce_fd() const { return socket_.get(); }
  // Call it before the leader of the group is reaped: after that its number may be another's.
  void remove(pid_t group);

  pid_t pid() const { return pid_; }

 private:
  ChildGuard(pid_t pid, Fd socket) : pid_(pid), socket_(std::move(socket)) {}

  const pid_t pid_;
  const Fd socket_;
  std::atomic<bool> lost_{false};  // the guard is gone: said once in the log
};

// What the guard process does, with its socket as standard input. Returns when the worker is gone and its groups are killed.
void run_guard();

}  // namespace windlass::exec
