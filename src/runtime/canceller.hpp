// Canceller: the thread that hears cancel requests and tells the runs of this server that they mean. A run is found by queue
// and id, or by id in any queue where the request names none. Tasks fetched ahead are cancelled too: they never start.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <span>
#include <thread>

#include "base/alarm.hpp"
#include "broker/broker.hpp"
#include "runtime/counters.hpp"
#include "runtime/run_table.hpp"
#include "runtime/trouble.hpp"

namespace windlass::runtime {

// start() and stop() belong to one thread. The callbacks that a handler has put on its stop token run in this thread.
class Canceller {
 public:
  // `wake_watchdog` is called when runs were told to stop.
  Canceller(broker::Broker& broker, base::Clock& clock, RunTable& table, std::function<void()> wake_watchdog, Trouble trouble,
            Counters& counters);
  ~Canceller();  // as stop()

  void start();
  void stop();

  void carry_out(std::span<const broker::CancelRequest> requests);

 private:
  void loop();

  base::Clock& clock_;
  RunTable& table_;
  const std::function<void()> wake_watchdog_;
  Trouble trouble_;
  Counters& counters_;
  const std::unique_ptr<broker::CancelFeed> feed_;
  base::Alarm alarm_;
  std::atomic<bool> stopping_ = false;
  std::thread thread_;
};

}  // namespace windlass::runtime
