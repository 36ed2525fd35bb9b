#include "failure_text.hpp"

#include "exec/signals.hpp"

namespace windlass::app {

std::string failure_text(const Failure& failure) {
  if (failure.kind == FailureKind::kNone) return "";
  std::string text = std::string(failure_kind_name(failure.kind));
  if (failure.kind == FailureKind::kSignal) text += " " + exec::signal_name(failure.signal);
  if (failure.kind == FailureKind::kExitCode) text += " " + std::to_string(failure.exit_code);
  return text + ": " + failure.message;
}

}  // namespace windlass::app
