// SampleRing: how the sizes of a queue are remembered in bounded room: a slot for each of the last minutes, for each ten of them,
// and for each hour. Who samples writes the slots of the moment; a slot of long ago is written over. Writing the sample of a minute
// twice leaves what writing it once leaves.
//
// The format is stored (docs/reference/redis-keys.md): it may grow at the end of a slot only with a new kSampleBytes and a new key.
// Pure.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <windlass/info.hpp>
#include <windlass/time.hpp>

namespace windlass::core {

struct QueueSample {
  TimePoint at;                                          // a whole minute
  std::array<std::uint64_t, kTaskStateCount> sizes{};    // by number of the state, less 1
  Duration latency{};                                    // whole milliseconds
  std::uint64_t processed_total = 0, failed_total = 0;
  friend bool operator==(const QueueSample&, const QueueSample&) = default;
};
QueueSample sample_of(const QueueInfo& info, TimePoint minute);
// Sizes and totals are added; the latency is the longer one.
void add_to(QueueSample& sum, const QueueSample& sample);

enum class SampleRange : std::uint8_t { kHour, kDay, kWeek };
std::string_view sample_range_name(SampleRange range);
std::optional<SampleRange> find_sample_range(std::string_view name);
Duration step_of(SampleRange range);

// Slots of all ranges, side by side, and bytes of a slot.
inline constexpr std::size_t kSampleSlots = 70 + 150 + 175;
inline constexpr std::size_t kSampleBytes = 52;

TimePoint minute_of(TimePoint now);
// Where the sample of that minute is written.
std::array<std::size_t, 3> sample_slots(TimePoint minute);
// kSampleBytes bytes.
std::string encode_sample(const QueueSample& sample);
// When the sample of a slot was taken. kNoTime: the slot was never written. REQUIRES: kSampleBytes bytes.
TimePoint sample_time(std::string_view slot);
// Oldest first, those of the range that ends now. `ring`: the slots from the first one on; what is missing at its end counts as never written.
std::vector<QueueSample> read_samples(std::string_view ring, SampleRange range, TimePoint now);

}  // namespace windlass::core
