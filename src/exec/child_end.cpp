#include "exec/child_end.hpp"

#include <csignal>

#include "core/text.hpp"
#include "exec/child_orders.hpp"
#include "exec/signals.hpp"

namespace windlass::exec {
namespace {

// The signal that began the end: a backtrace that hung is ended by another one.
int first_signal(const ChildEnd& end) {
  if (end.exited) return 0;
  return end.crash && end.crash->signal != 0 ? end.crash->signal : end.signal;
}

ChildLoss loss_of(const ChildEnd& end, int lane) {
  if (!end.served) return ChildLoss::kNone;
  if (end.crash && end.crash->lane >= 0) return end.crash->lane == lane ? ChildLoss::kByThisRun : ChildLoss::kByOther;
  return end.running > 1 ? ChildLoss::kUnclear : ChildLoss::kByThisRun;
}

std::string signal_text(int signal, const ChildEnd& end, const HandlerOptions& limits) {
  std::string text = "was ended by " + signal_name(signal);
  if (signal == SIGKILL) text += ", which this server did not send: the kernel does so when memory runs out";
  if (signal == SIGXCPU && limits.cpu_time_max > Duration::zero()) {
    text += ": it used more CPU time than " + core::format_duration(limits.cpu_time_max);
  }
  if (!end.core.empty()) text += " (core dumped: " + end.core + ")";
  return text;
}

Failure died(const ChildEnd& end, const HandlerOptions& limits) {
  const std::string who = end.served ? "handler process " : "handler process did not come to serve: it ";
  if (end.exited && end.exit_code == kExitConnectionLost) {
    return {FailureKind::kError, who + "lost its connection to the server: did the handler close it?"};
  }
  if (end.exited) {
    Failure failure(FailureKind::kExitCode, who + "exited with code " + std::to_string(end.exit_code) +
                                                (end.served ? " before the handler returned" : ""));
    failure.exit_code = end.exit_code;
    return failure;
  }
  const int signal = first_signal(end);
  if (signal == 0) {
    return {FailureKind::kError, who + "ended, and nobody knows how: this program ignores SIGCHLD, so that the kernel keeps no status"};
  }
  const bool memory = end.out_of_memory || (end.crash && end.crash->memory_full);
  Failure failure(memory ? FailureKind::kMemory : FailureKind::kSignal, who + signal_text(signal, end, limits));
  if (memory)
    failure.message += ": it had used up its limit of " + std::to_string(limits.memory_max) + " bytes of memory";
  failure.signal = signal;
  return failure;
}

Failure failure_of(const ChildEnd& end, ChildStop stop, const std::string& broken, const HandlerOptions& limits) {
  switch (stop) {
    case ChildStop::kNone: return died(end, limits);
    case ChildStop::kTerminated: return {FailureKind::kError, "handler process was stopped with SIGTERM"};
    case ChildStop::kKilled: return {FailureKind::kError, "handler process was killed, as it did not end on SIGTERM"};
    case ChildStop::kForOther: return {FailureKind::kError, "handler process was ended because of another task in it"};
    case ChildStop::kDisconnected: return {FailureKind::kError, "handler process was killed: " + broken};
  }
  return {};
}

ChildLoss loss_of(const ChildEnd& end, int lane, ChildStop stop) {
  switch (stop) {
    case ChildStop::kNone: return loss_of(end, lane);
    case ChildStop::kTerminated:
    case ChildStop::kKilled: return ChildLoss::kNone;
    case ChildStop::kForOther: return ChildLoss::kByOther;
    case ChildStop::kDisconnected: return ChildLoss::kByThisRun;
  }
  return ChildLoss::kNone;
}

}  // namespace

RunReport report_child_end(const ChildEnd& end, int lane, ChildStop stop, const std::string& broken,
                           const HandlerOptions& limits) {
  Failure failure = failure_of(end, stop, broken, limits);
  failure.detail = core::to_valid_utf8(end.tail);
  return {Outcome::fail(std::move(failure)), loss_of(end, lane, stop)};
}

}  // namespace windlass::exec
