#include "core/sample_ring.hpp"

#include <gtest/gtest.h>

namespace windlass::core {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr TimePoint kNoon{seconds(1709208000)};  // 2024-02-29T12:00:00Z

QueueSample sample_at(TimePoint at, std::uint64_t number) {
  QueueSample sample;
  sample.at = minute_of(at);
  for (std::size_t i = 0; i < sample.sizes.size(); ++i) sample.sizes[i] = number + i;
  sample.latency = std::chrono::milliseconds(number);
  sample.processed_total = number << 33;
  sample.failed_total = number;
  return sample;
}

// The ring after these samples.
void write(std::string& ring, const QueueSample& sample) {
  ring.resize(kSampleSlots * kSampleBytes);
  const std::string bytes = encode_sample(sample);
  ASSERT_EQ(bytes.size(), kSampleBytes);
  for (const std::size_t slot : sample_slots(sample.at)) ring.replace(slot * kSampleBytes, kSampleBytes, bytes);
}

TEST(SampleRing, GivesBackTheSamplesOfTheLastHourInOrder) {
  std::string ring;
  for (int i = 0; i < 500; ++i) write(ring, sample_at(kNoon + minutes(i), static_cast<std::uint64_t>(i)));
  const auto samples = read_samples(ring, SampleRange::kHour, kNoon + minutes(499) + seconds(59));
  ASSERT_EQ(samples.size(), 61U) << "one more, as what came before the first step";
  for (std::size_t i = 0; i < samples.size(); ++i) {
    EXPECT_EQ(samples[i], sample_at(kNoon + minutes(439 + static_cast<int>(i)), 439 + i));
  }
}

TEST(SampleRing, OfLongerStepsTheLastSampleCounts) {
  std::string ring;
  for (int i = 0; i < 24 * 60 * 9; ++i) write(ring, sample_at(kNoon + minutes(i), static_cast<std::uint64_t>(i)));
  const TimePoint now = kNoon + hours(24 * 9) - minutes(1);
  const auto day = read_samples(ring, SampleRange::kDay, now);
  const auto week = read_samples(ring, SampleRange::kWeek, now);
  EXPECT_EQ(day.size(), 145U);
  EXPECT_EQ(week.size(), 169U);
  EXPECT_EQ(day.back().at, now);
  EXPECT_EQ(day[day.size() - 2].at, now - minutes(10));
  EXPECT_EQ(week[week.size() - 2].at, now - hours(1));
}

TEST(SampleRing, AMinuteThatIsWrittenTwiceCountsOnce) {
  std::string ring;
  write(ring, sample_at(kNoon, 1));
  write(ring, sample_at(kNoon + seconds(30), 2));
  ASSERT_EQ(read_samples(ring, SampleRange::kHour, kNoon).size(), 1U);
  EXPECT_EQ(read_samples(ring, SampleRange::kHour, kNoon)[0], sample_at(kNoon, 2));
}

TEST(SampleRing, WhatIsMissingOrOldIsLeftOut) {
  std::string ring;
  EXPECT_TRUE(read_samples(ring, SampleRange::kHour, kNoon).empty());
  write(ring, sample_at(kNoon, 1));
  EXPECT_TRUE(read_samples(ring, SampleRange::kHour, kNoon + hours(2)).empty());
  EXPECT_TRUE(read_samples(ring, SampleRange::kHour, kNoon - minutes(1)).empty()) << "a clock that was stepped back";
  EXPECT_EQ(read_samples(ring, SampleRange::kDay, kNoon + hours(2)).size(), 1U);
  const std::string cut = ring.substr(0, (sample_slots(kNoon)[0] + 1) * kSampleBytes);
  EXPECT_EQ(read_samples(cut, SampleRange::kHour, kNoon).size(), 1U);
  EXPECT_TRUE(read_samples(cut, SampleRange::kWeek, kNoon).empty());
}

TEST(SampleRing, NumbersThatAreTooLargeStopAtTheEdge) {
  QueueSample sample = sample_at(kNoon, 1);
  sample.sizes[0] = std::uint64_t{1} << 40;
  std::string ring;
  write(ring, sample);
  EXPECT_EQ(read_samples(ring, SampleRange::kHour, kNoon)[0].sizes[0], UINT32_MAX);
}

}  // namespace
}  // namespace windlass::core
