#include "core/sample_ring.hpp"

#include <algorithm>
#include <limits>

namespace windlass::core {
namespace {

using std::chrono::minutes;

struct Ring {
  SampleRange range;
  std::string_view name;
  std::int64_t step;       // minutes
  std::size_t first;       // its first slot
  std::size_t slots;       // more than the range holds
  std::int64_t length;     // minutes
};
constexpr std::array<Ring, 3> kRings{{{SampleRange::kHour, "hour", 1, 0, 70, 60},
                                      {SampleRange::kDay, "day", 10, 70, 150, 24 * 60},
                                      {SampleRange::kWeek, "week", 60, 220, 175, 7 * 24 * 60}}};
static_assert(kRings[2].first + kRings[2].slots == kSampleSlots);

const Ring& ring_of(SampleRange range) { return kRings[static_cast<std::size_t>(range)]; }

std::int64_t minutes_of(TimePoint t) { return std::chrono::floor<minutes>(t.time_since_epoch()).count(); }

template <class T>
void put(std::string& out, std::uint64_t value) {
  value = std::min<std::uint64_t>(value, std::numeric_limits<T>::max());
  for (std::size_t i = 0; i < sizeof(T); ++i) out += static_cast<char>(value >> (8 * i) & 0xff);
}

template <class T>
std::uint64_t take(std::string_view& bytes) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < sizeof(T); ++i) value |= std::uint64_t{static_cast<unsigned char>(bytes[i])} << (8 * i);
  bytes.remove_prefix(sizeof(T));
  return value;
}

QueueSample decode_sample(std::string_view bytes) {
  QueueSample sample;
  sample.at = TimePoint(minutes(static_cast<std::int64_t>(take<std::uint32_t>(bytes))));
  sample.latency = std::chrono::milliseconds(static_cast<std::int64_t>(take<std::uint32_t>(bytes)));
  for (std::uint64_t& size : sample.sizes) size = take<std::uint32_t>(bytes);
  sample.processed_total = take<std::uint64_t>(bytes);
  sample.failed_total = take<std::uint64_t>(bytes);
  return sample;
}

}  // namespace

QueueSample sample_of(const QueueInfo& info, TimePoint minute) {
  QueueSample sample;
  sample.at = minute;
  sample.sizes = {info.active, info.pending, info.scheduled, info.retry, info.archived, info.completed, info.aggregating};
  sample.latency = std::chrono::duration_cast<std::chrono::milliseconds>(info.latency);
  sample.processed_total = info.processed_total;
  sample.failed_total = info.failed_total;
  return sample;
}

void add_to(QueueSample& sum, const QueueSample& sample) {
  for (std::size_t i = 0; i < sum.sizes.size(); ++i) sum.sizes[i] += sample.sizes[i];
  sum.latency = std::max(sum.latency, sample.latency);
  sum.processed_total += sample.processed_total;
  sum.failed_total += sample.failed_total;
}

std::string_view sample_range_name(SampleRange range) { return ring_of(range).name; }

std::optional<SampleRange> find_sample_range(std::string_view name) {
  for (const Ring& ring : kRings) {
    if (ring.name == name) return ring.range;
  }
  return std::nullopt;
}

Duration step_of(SampleRange range) { return minutes(ring_of(range).step); }

TimePoint minute_of(TimePoint now) { return TimePoint(minutes(minutes_of(now))); }

std::array<std::size_t, 3> sample_slots(TimePoint minute) {
  std::array<std::size_t, 3> slots{};
  for (std::size_t i = 0; i < kRings.size(); ++i) {
    slots[i] = kRings[i].first + static_cast<std::size_t>(minutes_of(minute) / kRings[i].step) % kRings[i].slots;
  }
  return slots;
}

std::string encode_sample(const QueueSample& sample) {
  std::string out;
  put<std::uint32_t>(out, static_cast<std::uint64_t>(minutes_of(sample.at)));
  put<std::uint32_t>(out, static_cast<std::uint64_t>(std::max<std::int64_t>(0, sample.latency.count() / 1'000'000)));
  for (const std::uint64_t size : sample.sizes) put<std::uint32_t>(out, size);
  put<std::uint64_t>(out, sample.processed_total);
  put<std::uint64_t>(out, sample.failed_total);
  return out;
}

TimePoint sample_time(std::string_view slot) { return decode_sample(slot).at; }

std::vector<QueueSample> read_samples(std::string_view bytes, SampleRange range, TimePoint now) {
  const Ring& ring = ring_of(range);
  const std::int64_t until = minutes_of(now);
  std::vector<QueueSample> samples;
  for (std::size_t slot = ring.first; slot < ring.first + ring.slots; ++slot) {
    if ((slot + 1) * kSampleBytes > bytes.size()) break;
    const QueueSample sample = decode_sample(bytes.substr(slot * kSampleBytes, kSampleBytes));
    const std::int64_t at = minutes_of(sample.at);
    if (at > until - ring.length - ring.step && at <= until) samples.push_back(sample);
  }
  std::sort(samples.begin(), samples.end(), [](const QueueSample& a, const QueueSample& b) { return a.at < b.at; });
  return samples;
}

}  // namespace windlass::core
