#include "runtime/janitor.hpp"

#include <utility>

namespace windlass::runtime {

Janitor::Janitor(broker::Broker& broker, broker::CleanRequest request, Duration every, Trouble trouble)
    : broker_(broker), request_(std::move(request)), every_(every), trouble_(std::move(trouble)) {}

TimePoint Janitor::step(TimePoint now) {
  const auto result = broker_.clean(request_);
  if (!result) return now + trouble_.failed(result.error());
  trouble_.ended();
  return result->more ? now : now + every_;
}

}  // namespace windlass::runtime
