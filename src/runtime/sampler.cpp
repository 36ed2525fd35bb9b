#include "runtime/sampler.hpp"

#include <vector>

#include "core/sample_ring.hpp"

namespace windlass::runtime {

TimePoint Sampler::step(TimePoint now) {
  const TimePoint minute = core::minute_of(now);
  const Result<bool> mine = store_.take_minute(minute);
  if (!mine) return now + trouble_.failed(mine.error());
  if (*mine) {
    if (Status sampled = sample(minute); !sampled) return now + trouble_.failed(sampled.error());
  }
  trouble_.ended();
  return minute + std::chrono::minutes(1);
}

Status Sampler::sample(TimePoint minute) {
  const auto names = broker_.queues();
  if (!names) return names.error();
  std::vector<broker::SampleWrite> writes;
  const auto write = [&](const std::string& queue, const core::QueueSample& sample) {
    const std::string bytes = core::encode_sample(sample);
    for (const std::size_t slot : core::sample_slots(minute)) writes.push_back({queue, slot, bytes});
  };
  core::QueueSample sum = core::sample_of({}, minute);
  std::map<std::string, std::uint64_t> idle;
  for (const std::string& name : *names) {
    const auto info = broker_.queue_info(name);
    if (!info && info.error().code() == ErrorCode::kQueueNotFound) continue;
    if (!info) return info.error();
    const core::QueueSample sample = core::sample_of(*info, minute);
    core::add_to(sum, sample);
    if (info->size == 0) {
      idle[name] = info->processed_total;
      const auto before = idle_.find(name);
      if (before != idle_.end() && before->second == info->processed_total) continue;
    }
    write(name, sample);
  }
  write(std::string(broker::kAllQueues), sum);
  if (Status written = store_.write_samples(writes); !written) return written;
  idle_ = std::move(idle);
  return {};
}

}  // namespace windlass::runtime
