// Producer: a second process of the load program, which enqueues when it is told to.
#pragma once

#include <sys/types.h>

#include <functional>
#include <string>

#include <windlass/broker.hpp>
#include <windlass/client.hpp>
#include <windlass/error.hpp>

#include "exec/fd.hpp"

namespace windlass::app {

// Enqueues `count` tasks of type "bench", 100 a second. The payload of each is the time of its call: nanoseconds of the
// steady clock, which all processes of a machine share.
Status trickle(Client& client, const std::string& queue, int count);

// Belongs to one thread.
class Producer {
 public:
  using Open = std::function<Result<BrokerPtr>()>;

  // Forks: call it while this process has neither threads nor brokers. `open` is called in the new process, for the first task.
  static Result<Producer> start(const Open& open);
  Producer(Producer&& other) noexcept;
  Producer& operator=(Producer&&) = delete;
  ~Producer();  // ends the process and waits for it

  // As the function, in the other process; returns when it is done.
  Status trickle(const std::string& queue, int count);

 private:
  Producer(exec::Fd line, pid_t pid) : line_(std::move(line)), pid_(pid) {}

  exec::Fd line_;
  pid_t pid_;
};

}  // namespace windlass::app
