#include "runtime/forwarder.hpp"

#include <algorithm>
#include <utility>

namespace windlass::runtime {
namespace {

// A wake-up that a store fails to give costs so much delay at worst.
constexpr Duration kLongestWait = std::chrono::seconds(5);

}  // namespace

Forwarder::Forwarder(broker::Broker& broker, std::vector<std::string> queues, Trouble trouble)
    : broker_(broker), queues_(std::move(queues)), trouble_(std::move(trouble)) {}

TimePoint Forwarder::step(TimePoint now) {
  const auto result = broker_.forward(queues_, kBatchMax);
  if (!result) return now + trouble_.failed(result.error());
  trouble_.ended();
  const TimePoint latest = now + kLongestWait;
  return result->next_due ? std::min(*result->next_due, latest) : latest;
}

}  // namespace windlass::runtime
