// HandlerChild: the server's side of one handler child: its process, its sockets and its output.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <windlass/isolation.hpp>
#include <windlass/log.hpp>

#include "base/mutex.hpp"
#include "exec/channel.hpp"
#include "exec/child_cgroup.hpp"
#include "exec/child_end.hpp"
#include "exec/escalation.hpp"
#include "exec/output_lines.hpp"
#include "exec/spawn.hpp"

namespace windlass::exec {

class HandlerChild;

// One connection to a child: it carries one run at a time. The fields are guarded by the pool's mutex, but for the
// channel, which belongs to the thread that has the run.
struct Lane {
  Lane(HandlerChild& c, int n, Fd socket) : child(c), number(n), channel(std::move(socket)) {}

  HandlerChild& child;
  const int number;
  Channel channel;
  std::uint64_t serial = 0;  // of the run that it carries; 0 = free
  Escalation escalation;     // of a run that was told to stop
  ChildStop stop = ChildStop::kNone;
};

// Output of a child on its way to the log. Thread-safe.
class ChildOutput {
 public:
  ChildOutput(Fd pipe, pid_t pid);

  int fd() const { return pipe_.get(); }
  // A run begins: lines and tail are its from now on. Nothing: several runs share the output.
  void begin_run(std::vector<LogField> fields);
  // Reads and logs what is there. `in_run`: the calling thread logs with the fields of the run anyway. False at the end
  // of the stream.
  bool drain(bool in_run);
  // The end of what has come since the run began.
  std::string take_tail();

 private:
  // Called by lines_, so under mu_.
  void log_line(std::string_view line) WINDLASS_NO_TSA;

  const Fd pipe_;
  base::Mutex mu_;
  OutputLines lines_ WINDLASS_GUARDED_BY(mu_);
  std::vector<LogField> fields_ WINDLASS_GUARDED_BY(mu_);
  bool in_run_ WINDLASS_GUARDED_BY(mu_) = false;     // of the last drain()
  std::size_t logged_ WINDLASS_GUARDED_BY(mu_) = 0;  // bytes of this run
};

// How children of one pool are started: worked out once, while the program is as it was started.
struct ChildPlan {
  HandlerOptions options;
  std::vector<std::string> arguments;
  std::vector<std::string> environment;

  // Of this process. Errors: kUnavailable (no /proc), kInvalidArgument (the options cannot be met).
  static Result<ChildPlan> make(const HandlerOptions& options);
};

// Fields guarded by the pool's mutex, where nothing else is said.
class HandlerChild : public std::enable_shared_from_this<HandlerChild> {
 public:
  // REQUIRES: called by a thread that lives as long as children shall: they end with it.
  // Errors: as spawn_child().
  static Result<std::shared_ptr<HandlerChild>> start(const ChildPlan& plan);

  pid_t pid() const { return process_.pid; }
  int pidfd() const { return process_.pidfd.get(); }
  // To the whole process group. Nothing happens once it was reaped.
  void signal(int number) const;
  // Ends the reading from all its sockets once what has come is read.
  void shut_down();
  // What the child has left behind.
  struct Rest {
    std::string tail;            // of its output
    bool out_of_memory = false;  // see ChildEnd
  };
  // Kills what is left in its group, and reads what is left of its output. Before reap(), and without the pool's mutex: it logs.
  Rest take_rest();
  // Waits for the end that pidfd() has announced, and fills `end`.
  void reap(Rest rest);

  Channel& control() { return control_; }  // send: pool's mutex; receive: supervisor
  ChildOutput& output() { return output_; }
  std::vector<std::unique_ptr<Lane>>& lanes() { return lanes_; }
  int running() const;

  bool retiring = false;  // takes no more runs
  bool ended = false;     // reaped; `end` says how
  ChildEnd end;
  int tasks = 0;  // that it has begun
  // Confined to the supervisor: what can still be read.
  bool control_open = true, output_open = true;

 private:
  HandlerChild(Child process, Fd control, std::optional<ChildCgroup> cgroup);

  const std::optional<ChildCgroup> cgroup_;
  Child process_;
  Channel control_;
  ChildOutput output_;
  std::vector<std::unique_ptr<Lane>> lanes_;
};

}  // namespace windlass::exec
