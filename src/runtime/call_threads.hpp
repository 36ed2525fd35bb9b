// CallThreads: the threads on which coroutine handlers make calls that block (on_thread).
#pragma once

#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <thread>
#include <vector>

#include "base/mutex.hpp"

namespace windlass::runtime {

// Thread-safe. A thread is started when a call finds none idle, and stays.
class CallThreads {
 public:
  static constexpr std::size_t kMax = 64;

  CallThreads();
  ~CallThreads();  // as close()

  // Makes the call on one of the threads, in the order of the calls. Throws std::system_error where not even the first
  // thread can be started.
  void call(std::function<void()> call);
  // Ends the threads that are idle. One whose call goes on is left to itself, and ends after it. May be called twice.
  void close();

 private:
  struct Member {
    std::thread thread;
    bool busy = true;  // guarded by the state's mutex
  };
  struct State {
    base::Mutex mu;
    base::CondVar changed;
    std::deque<std::function<void()>> calls WINDLASS_GUARDED_BY(mu);
    std::vector<std::shared_ptr<Member>> members WINDLASS_GUARDED_BY(mu);
    std::size_t idle WINDLASS_GUARDED_BY(mu) = 0;
    bool closed WINDLASS_GUARDED_BY(mu) = false;
  };
  static void loop(State& state, Member& self);
  void start_one() WINDLASS_REQUIRES(state_->mu);

  // The threads share it: one that is left to itself needs it to the end.
  const std::shared_ptr<State> state_ = std::make_shared<State>();
};

}  // namespace windlass::runtime
