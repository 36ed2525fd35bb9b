// Fetcher: the thread that takes tasks from the store, as many as there is room for, and sleeps when there are none. What the
// thread does again and again is fetch() and give_back_stalled(); simulations call them themselves.
#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <thread>

#include <windlass/mux.hpp>

#include "base/alarm.hpp"
#include "base/clock.hpp"
#include "broker/broker.hpp"
#include "core/queue_picker.hpp"
#include "runtime/counters.hpp"
#include "runtime/finisher.hpp"
#include "runtime/run_table.hpp"
#include "runtime/trouble.hpp"
#include "runtime/work_queue.hpp"

namespace windlass::runtime {

struct FetchPlan {
  std::string owner;
  Duration lease{};
  std::map<std::string, int> queues;
  bool strict = false;
};

// start() and stop() belong to one thread.
class Fetcher {
 public:
  Fetcher(broker::Broker& broker, base::Clock& clock, base::Random random, FetchPlan plan, const Mux& mux, WorkQueue& queue,
          RunTable& table, Finisher& finisher, Counters& counters);
  ~Fetcher();  // as stop()

  void start();
  // Takes no more, gives back what no worker has begun, and returns. May be called twice, or before start().
  void stop();

  // How long there is nothing to fetch, as far as this server knows. 0: look again at once.
  struct Rest {
    Duration at_most{};
    bool ends_with_news = false;  // over when the store tells of tasks; otherwise it is in trouble, or takes this server for dead
  };
  // One fetch, of at most `room` tasks; nothing if that is 0.
  Rest fetch(std::size_t room);
  // Gives back what was fetched ahead and no executor takes.
  void give_back_stalled();
  // Gives tasks that no worker has begun back, in the order in which they were fetched.
  void give_back(std::span<TaskRun* const> runs);

 private:
  void loop();
  void rest(const Rest& rest);
  void take_over(std::vector<broker::FetchedTask> tasks, Duration leased_until);

  broker::Broker& broker_;
  base::Clock& clock_;
  const FetchPlan plan_;
  const Mux& mux_;
  const bool any_async_;
  WorkQueue& queue_;
  RunTable& table_;
  Finisher& finisher_;
  Counters& counters_;
  const std::unique_ptr<broker::Waiter> waiter_;
  base::Alarm alarm_;
  std::atomic<bool> stopping_ = false;

  // Confined to the thread.
  core::QueuePicker picker_;
  Trouble trouble_;
  std::uint64_t next_serial_ = 1;

  std::thread thread_;
};

}  // namespace windlass::runtime
