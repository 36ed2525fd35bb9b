// run_command: one run of one program, from start to end, with limits.
//
// The program runs in a process group of its own. Its end is the end of the group: what it left running there is killed.
// One thread, one poll over the child, its pipes and the stop tokens; nothing is looked at periodically.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include <windlass/time.hpp>

#include "exec/process_limits.hpp"

namespace windlass::exec {

class ChildGuard;

struct CommandSpec {
  std::vector<std::string> argv;              // argv[0] is looked up in PATH; at least one
  std::string_view input;                     // its stdin; what it does not read is dropped
  std::vector<std::string> environment;       // "KEY=value", put over the environment of this process
  Duration timeout{};                         // 0 = none
  Duration grace = std::chrono::seconds(5);   // from SIGTERM to SIGKILL, for the whole group
  // Asked when the stop token is set: whether it is urgent, see escalation.hpp. May be empty.
  std::function<bool()> stop_is_urgent;
  std::stop_token hurry;                      // set: whatever is being stopped, or is told to stop later, is urgent
  std::size_t output_max = 1 << 20;           // more on stdout is an error, and stops it
  std::size_t error_tail_max = 8 << 10;       // how much of the end of stderr is kept
  // Called with each line of stderr as it comes, without the newline; longer ones in pieces of 8 KiB.
  std::function<void(std::string_view line)> on_error_line;
  ChildGuard* guard = nullptr;                // told of the group, if given
  ProcessLimits limits;
};

struct CommandResult {
  enum class End {
    kExited,         // exit_code
    kSignalled,      // signal, core_dumped: ended by a signal that was not ours
    kTimedOut,       // it took longer than `timeout`, and was stopped
    kStopped,        // the stop token was set, and it was stopped
    kOutputTooLong,  // it wrote more than output_max, and was stopped
    kNotStarted,     // error
  };
  End end = End::kNotStarted;
  int exit_code = 0;
  int signal = 0;
  bool core_dumped = false;
  std::string core;           // where the core is, if that is known
  bool killed = false;        // stopping it took SIGKILL
  std::uint64_t peak_memory = 0;  // resident bytes of its largest process, as far as it waited for them
  std::string output;         // stdout, at most output_max
  std::string error_tail;     // the last bytes of stderr
  std::string error;          // kNotStarted: why
  bool may_start_later = false;  // kNotStarted: for lack of processes, descriptors or memory
};

// Blocks until the program has ended and its group is gone. Uses no signal handlers, and does not touch SIGPIPE or SIGCHLD of
// this process other than for the calling thread. A program that has stopped in time but exits with 0 meanwhile still counts as
// stopped: many exit with 0 on SIGTERM, their work undone.
CommandResult run_command(const CommandSpec& spec, std::stop_token stop);

}  // namespace windlass::exec
