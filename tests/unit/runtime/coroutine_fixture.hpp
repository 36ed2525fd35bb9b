// Coroutines on a loop that the test drives by hand: memory broker, fake clock, no server.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <windlass/coroutine.hpp>
#include <windlass/mux.hpp>

#include "role_fixture.hpp"
#include "runtime/loop_run.hpp"

namespace windlass::runtime {

class CoroutineTest : public RoleTest {
 protected:
  // A handler that has been started, and its outcome once it has ended.
  struct Started {
    TaskRun* task = nullptr;
    std::unique_ptr<LoopRun> run;
    std::optional<Outcome> outcome;
  };

  // Calls the handler, which runs up to its first wait.
  template <class F>
  Started& start(F handler) {
    const std::string id = std::to_string(started.size());
    Mux& mux = *muxes.emplace_back(std::make_unique<Mux>());
    mux.handle("t", std::move(handler));
    enqueue(task(id));
    Started& s = *started.emplace_back(std::make_unique<Started>());
    s.task = fetch(1).front();
    s.task->begin(clock.now(), kNoTime);
    s.run = std::make_unique<LoopRun>(events, threads, slots.add());
    s.outcome = s.run->start(*s.task, clock.steady(), mux);
    return s;
  }
  // Goes on with all that can go on now. Waits for other threads, as long as `block`.
  void go_on(bool block = false) {
    events.collect(block);
    while (LoopEvents::Operation* op = events.take_ready()) {
      for (const auto& s : started) {
        if (s->run.get() != &op->run()) continue;
        s->outcome = s->run->resume(*op);
        break;
      }
      events.collect(false);
    }
  }
  // To the end, which other threads bring about.
  void finish(const Started& s) {
    while (!s.outcome) go_on(true);
  }
  void stop(const Started& s, StopReason reason) {
    if (auto source = s.task->tell_to_stop(reason, clock.steady())) source->request_stop();
  }
  // Runs a handler that waits for nothing but other threads.
  template <class F>
  Outcome run(F handler) {
    Started& s = start(std::move(handler));
    finish(s);
    return *s.outcome;
  }

  Slots slots;
  LoopEvents events{clock};
  CallThreads threads;
  std::vector<std::unique_ptr<Mux>> muxes;
  std::vector<std::unique_ptr<Started>> started;  // last: what still waits takes itself out of `events`
};

}  // namespace windlass::runtime
