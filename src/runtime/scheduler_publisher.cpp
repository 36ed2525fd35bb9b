#include "runtime/scheduler_publisher.hpp"

#include <algorithm>

namespace windlass::runtime {

TimePoint SchedulerPublisher::step(TimePoint now) {
  constexpr Duration kSpacing = std::chrono::seconds(1);
  const Duration steady = clock_.steady();
  const Duration next = changed_ ? not_before_ : due_;
  if (steady < next) return now + (next - steady);

  changed_ = false;
  const Status published = broker_.publish_scheduler({id_, scheduler_.entries()}, kTtl);
  not_before_ = steady + kSpacing;
  due_ = steady + kEvery;
  if (published) {
    trouble_.ended();
  } else {
    due_ = steady + std::max(kSpacing, trouble_.failed(published.error()));
  }
  return now + (due_ - steady);
}

}  // namespace windlass::runtime
