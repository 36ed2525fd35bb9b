#include "exec/escalation.hpp"

#include <algorithm>
#include <csignal>
#include <utility>

namespace windlass::exec {
namespace {

// A stopping server gives tasks back half a second after it has told their handlers: their processes must be gone by then.
constexpr Duration kUrgentTerminate = std::chrono::milliseconds(200);
constexpr Duration kUrgentKill = std::chrono::milliseconds(300);

void bring_forward(Duration& at, Duration to) {
  if (at != Duration::max()) at = std::min(at, to);
}

}  // namespace

bool is_urgent(StopReason reason) { return reason == StopReason::kShutdown || reason == StopReason::kLeaseLost; }

void Escalation::begin(const Times& times, bool urgent, Duration now) {
  terminate_at_ = now + times.terminate;
  kill_at_ = now + times.kill;
  if (urgent) hurry(now);
}

void Escalation::hurry(Duration now) {
  bring_forward(terminate_at_, now + kUrgentTerminate);
  bring_forward(kill_at_, now + kUrgentKill);
}

void Escalation::end() { terminate_at_ = kill_at_ = kNever; }

Duration Escalation::next() const { return std::min(terminate_at_, kill_at_); }

int Escalation::take_due(Duration now) {
  if (terminate_at_ <= now) {
    terminate_at_ = kNever;
    return SIGTERM;
  }
  if (kill_at_ > now) return 0;
  end();
  return SIGKILL;
}

}  // namespace windlass::exec
