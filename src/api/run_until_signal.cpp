#include "api/run_until_signal.hpp"

#include <signal.h>

namespace windlass::api {

Status RunUntilSignal::run(const std::function<Status()>& start, const std::function<void()>& stop,
                           const std::function<void()>& quiet) {
  auto signals = SignalWatch::open();
  if (!signals) return signals.error();
  if (Status started = start(); !started) return started;
  {
    base::Lock lock(mu_);
    watch_ = &*signals;
    if (ended_) signals->wake();
  }
  while (signals->wait() == SIGTSTP) {
    if (quiet) quiet();
  }
  stop();
  base::Lock lock(mu_);
  watch_ = nullptr;
  return {};
}

Status RunUntilSignal::run(Service& service) {
  return run([&] { return service.start(); }, [&] { service.stop(); });
}

void RunUntilSignal::end() {
  base::Lock lock(mu_);
  ended_ = true;
  if (watch_ != nullptr) watch_->wake();
}

}  // namespace windlass::api
