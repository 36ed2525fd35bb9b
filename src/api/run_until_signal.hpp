// RunUntilSignal: the run() of servers and services: start, wait for SIGTERM or SIGINT or for end(), stop.
#pragma once

#include <functional>

#include <windlass/error.hpp>
#include <windlass/service.hpp>

#include "api/signal_watch.hpp"
#include "base/mutex.hpp"

namespace windlass::api {

// Thread-safe; one run() at a time.
class RunUntilSignal {
 public:
  // Whoever else stops what runs must call end(). `quiet`, if given, is called at each SIGTSTP.
  // Errors: those of SignalWatch::open and of `start`; nothing runs then.
  Status run(const std::function<Status()>& start, const std::function<void()>& stop,
             const std::function<void()>& quiet = {});
  Status run(Service& service);
  // Lets the run(), and those to come, return.
  void end();

 private:
  base::Mutex mu_;
  SignalWatch* watch_ WINDLASS_GUARDED_BY(mu_) = nullptr;
  bool ended_ WINDLASS_GUARDED_BY(mu_) = false;
};

}  // namespace windlass::api
