// How the end of a handler child becomes the outcome of a run that was in it. Pure.
#pragma once

#include <optional>
#include <string>

#include <windlass/isolation.hpp>
#include <windlass/outcome.hpp>

#include "exec/frames.hpp"

namespace windlass::exec {

// What a run has to do with the end of its child.
enum class ChildLoss : std::uint8_t {
  kNone,        // the child lives, or was ended for what this run did not do to it: a stop, a failed start
  kByThisRun,   // this run ended the child
  kByOther,     // another run in the same child did
  kUnclear,     // one of the runs in it did, or nobody
  kNotStarted,  // no process could be had for it: its handler has not begun
};

// How a run in a child ended.
struct RunReport {
  Outcome outcome;
  ChildLoss loss = ChildLoss::kNone;
};

// What is known of a child that has ended.
struct ChildEnd {
  bool served = false;  // it had said that it serves
  bool exited = false;  // else: ended by `signal`
  int exit_code = 0;
  int signal = 0;       // 0: how it ended is not known
  bool out_of_memory = false;       // the kernel has killed something in its control group for its limit
  std::string core;                 // path of the core dump, if there is one and it is known
  std::optional<CrashFrame> crash;  // what it said of itself
  std::string tail;                 // the last of its output
  int running = 1;                  // runs in it at the end, this one included
};

// What the server did to the child.
enum class ChildStop : std::uint8_t {
  kNone,
  kTerminated,    // this run was told to stop and did not: SIGTERM
  kKilled,        // SIGKILL, too
  kForOther,      // ended because of another run in it
  kDisconnected,  // killed, because it had closed its connection, or sent what is no frame; `broken` says which
};

RunReport report_child_end(const ChildEnd& end, int lane, ChildStop stop, const std::string& broken,
                           const HandlerOptions& limits);

}  // namespace windlass::exec
