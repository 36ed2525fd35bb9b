// Samples of queues, for charts.
#include "broker/samples.hpp"

#include "conformance/fixture.hpp"
#include "core/sample_ring.hpp"

namespace windlass::conformance {
namespace {

class Samples : public Conformance {
 protected:
  broker::SampleStore& store() { return *broker::find_sample_store(*broker_); }
  void write(const std::string& queue, TimePoint minute, std::uint64_t pending) {
    core::QueueSample sample;
    sample.at = minute;
    sample.sizes[1] = pending;
    std::vector<broker::SampleWrite> writes;
    for (const std::size_t slot : core::sample_slots(minute)) writes.push_back({queue, slot, core::encode_sample(sample)});
    get(store().write_samples(writes));
  }
  std::vector<std::uint64_t> pending(const std::string& queue) {
    std::vector<std::uint64_t> found;
    const std::string ring = get(store().read_sample_ring(queue));
    for (const auto& sample : core::read_samples(ring, core::SampleRange::kHour, clock_.now())) found.push_back(sample.sizes[1]);
    return found;
  }
};
WINDLASS_FOR_EACH_BROKER(Samples, rows());

TEST_P(Samples, AMinuteIsTakenOnce) {
  const TimePoint minute = core::minute_of(clock_.now());
  EXPECT_TRUE(get(store().take_minute(minute)));
  EXPECT_FALSE(get(store().take_minute(minute)));
  EXPECT_TRUE(get(store().take_minute(minute + 1min)));
}

TEST_P(Samples, AreKeptForEachQueue) {
  const TimePoint minute = core::minute_of(clock_.now());
  for (int i = 5; i >= 0; --i) write("a/b", minute - i * 1min, static_cast<std::uint64_t>(10 - i));
  write("c", minute, 1);
  write("c", minute, 2);
  write(std::string(broker::kAllQueues), minute, 12);
  EXPECT_EQ(pending("a/b"), (std::vector<std::uint64_t>{5, 6, 7, 8, 9, 10}));
  EXPECT_EQ(pending("c"), (std::vector<std::uint64_t>{2}));
  EXPECT_EQ(pending(std::string(broker::kAllQueues)), (std::vector<std::uint64_t>{12}));
  EXPECT_TRUE(pending("nothing").empty());
}

TEST_P(Samples, GoWithTheirQueue) {
  put(plain("t"));
  write("q", core::minute_of(clock_.now()), 1);
  get(broker_->remove_queue("q", true));
  EXPECT_TRUE(pending("q").empty());
}

}  // namespace
}  // namespace windlass::conformance
