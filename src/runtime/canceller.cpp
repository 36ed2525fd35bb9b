#include "runtime/canceller.hpp"

#include <utility>
#include <vector>

namespace windlass::runtime {

Canceller::Canceller(broker::Broker& broker, base::Clock& clock, RunTable& table, std::function<void()> wake_watchdog,
                     Trouble trouble, Counters& counters)
    : clock_(clock),
      table_(table),
      wake_watchdog_(std::move(wake_watchdog)),
      trouble_(std::move(trouble)),
      counters_(counters),
      feed_(broker.make_cancel_feed()),
      alarm_(clock) {}

Canceller::~Canceller() { stop(); }

void Canceller::start() {
  thread_ = std::thread([this] { loop(); });
}

void Canceller::stop() {
  stopping_ = true;
  feed_->wake();
  alarm_.wake();
  if (thread_.joinable()) thread_.join();
}

void Canceller::loop() {
  while (!stopping_) {
    const auto requests = feed_->wait(clock_.now() + std::chrono::hours(1));
    if (!requests) {
      alarm_.sleep_for(trouble_.failed(requests.error()));
      continue;
    }
    trouble_.ended();
    carry_out(*requests);
  }
}

void Canceller::carry_out(std::span<const broker::CancelRequest> requests) {
  if (requests.empty()) return;
  std::size_t told = 0;
  std::vector<std::stop_source> sources = table_.cancel(requests, clock_.steady(), told);
  for (std::stop_source& source : sources) source.request_stop();
  counters_.cancelled.add(told);
  if (told > 0) wake_watchdog_();
}

}  // namespace windlass::runtime
