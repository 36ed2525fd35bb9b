// RunUntilSignal: the run() of services: start, wait for SIGTERM or SIGINT or for end(), stop.
#pragma once

#include <windlass/error.hpp>
#include <windlass/service.hpp>

#include "api/signal_watch.hpp"
#include "base/mutex.hpp"

namespace windlass::api {

// Thread-safe; one run() at a time.
class RunUntilSignal {
 public:
  // `service.stop()` must call end().
  Status run(Service& service);
  // Lets the run(), and those to come, return.
  void end();

 private:
  base::Mutex mu_;
  SignalWatch* watch_ WINDLASS_GUARDED_BY(mu_) = nullptr;
  bool ended_ WINDLASS_GUARDED_BY(mu_) = false;
};

}  // namespace windlass::api
