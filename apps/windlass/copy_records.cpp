#include "copy_records.hpp"

#include <algorithm>
#include <string_view>
#include <vector>

#include "broker/samples.hpp"
#include "broker/transfer.hpp"
#include "core/sample_ring.hpp"
#include "core/text.hpp"

namespace windlass::app {
namespace {

constexpr int kDays = 92;  // longer than any store keeps them

// The slot of a ring; empty if the ring ends before it.
std::string_view slot_of(std::string_view ring, std::size_t slot) {
  const std::size_t at = slot * core::kSampleBytes;
  return at + core::kSampleBytes <= ring.size() ? ring.substr(at, core::kSampleBytes) : std::string_view();
}

TimePoint time_of(std::string_view slot) { return slot.empty() ? kNoTime : core::sample_time(slot); }

}  // namespace

Status copy_counts(broker::Broker& from, broker::Broker& to, const QueueInfo& queue) {
  const Result<std::vector<DailyStats>> days = from.history(queue.queue, kDays);
  if (!days) return days.error();
  broker::QueueCounts counts{queue.queue, queue.processed_total, queue.failed_total, queue.expired_total, {}};
  for (const DailyStats& day : *days) {
    if (day.processed + day.failed + day.expired == 0) continue;
    const Result<TimePoint> begin = core::parse_time(day.date + "T00:00:00Z");
    if (!begin) return begin.error();
    counts.days.push_back({*begin, day.processed, day.failed, day.expired});
  }
  const auto target = broker::transfer_of(to);
  return target ? (*target)->restore_counts(counts) : target.error();
}

Status copy_samples(broker::Broker& from, broker::Broker& to, const std::string& queue) {
  broker::SampleStore* const source = broker::find_sample_store(from);
  broker::SampleStore* const target = broker::find_sample_store(to);
  if (source == nullptr || target == nullptr) return {};
  const Result<std::string> ring = source->read_sample_ring(queue), there = target->read_sample_ring(queue);
  if (!ring) return ring.error();
  if (!there) return there.error();
  std::vector<broker::SampleWrite> writes;
  for (std::size_t slot = 0; slot < core::kSampleSlots; ++slot) {
    const std::string_view bytes = slot_of(*ring, slot);
    if (time_of(bytes) > time_of(slot_of(*there, slot))) writes.push_back({queue, slot, std::string(bytes)});
  }
  return writes.empty() ? Status() : target->write_samples(writes);
}

Status copy_ticks(broker::Broker& from, broker::Broker& to) {
  const auto source = broker::transfer_of(from), target = broker::transfer_of(to);
  if (!source) return source.error();
  if (!target) return target.error();
  const Result<std::vector<broker::TickRecord>> records = (*source)->ticks();
  return records ? (*target)->restore_ticks(*records) : records.error();
}

}  // namespace windlass::app
