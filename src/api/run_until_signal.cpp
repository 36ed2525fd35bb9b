#include "api/run_until_signal.hpp"

#include <signal.h>

namespace windlass::api {

Status RunUntilSignal::run(Service& service) {
  auto signals = SignalWatch::open();
  if (!signals) return signals.error();
  if (Status started = service.start(); !started) return started;
  {
    base::Lock lock(mu_);
    watch_ = &*signals;
    if (ended_) signals->wake();
  }
  while (signals->wait() == SIGTSTP) {}
  {
    base::Lock lock(mu_);
    watch_ = nullptr;
  }
  service.stop();
  return {};
}

void RunUntilSignal::end() {
  base::Lock lock(mu_);
  ended_ = true;
  if (watch_ != nullptr) watch_->wake();
}

}  // namespace windlass::api
