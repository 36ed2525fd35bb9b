// Records of servers and schedulers, and the ticks of periodic entries.
#include <algorithm>
#include <tuple>

#include "broker/memory/broker_impl.hpp"
#include "core/time_math.hpp"

namespace windlass::broker::memory {
namespace {

// Those of its running tasks that it still owns.
std::vector<WorkerInfo> show_workers(Store& store, const ServerRecord& record) {
  std::vector<WorkerInfo> workers;
  for (const RunningTask& running : record.running) {
    const Task* task = store.find_leased(running.lease).second;
    if (task == nullptr) continue;
    workers.push_back({task->message.id, task->message.type, task->message.queue, task->message.payload,
                       running.started_at, running.deadline, running.overrun, task->progress});
  }
  return workers;
}

}  // namespace

Status MemoryBroker::keep_alive(const std::string& owner, Duration ttl) {
  base::Lock lock(mu_);
  store_.owner(owner)->alive_until = core::saturated_sum(clock_.steady(), ttl);
  return {};
}

Status MemoryBroker::publish_server(const ServerRecord& record, Duration ttl) {
  base::Lock lock(mu_);
  const Duration steady = clock_.steady();
  std::erase_if(servers_, [&](const auto& entry) { return entry.second.until <= steady; });
  servers_[record.info.id] = {record, core::saturated_sum(steady, ttl), ++turns_};
  return {};
}

Status MemoryBroker::clear_server(const std::string& owner) {
  base::Lock lock(mu_);
  store_.owner(owner)->alive_until = clock_.steady();
  store_.forget_owner(owner);
  servers_.erase(owner);
  return {};
}

Result<std::vector<ServerInfo>> MemoryBroker::servers() {
  std::vector<ServerInfo> found;
  base::Lock lock(mu_);
  const Duration steady = clock_.steady();
  for (const auto& [id, published] : servers_) {
    if (published.until <= steady) continue;
    found.push_back(published.record.info);
    found.back().workers = show_workers(store_, published.record);
  }
  std::ranges::sort(found, {}, [](const ServerInfo& server) { return std::tie(server.started_at, server.id); });
  return found;
}

Status MemoryBroker::publish_scheduler(const SchedulerRecord& record, Duration ttl) {
  base::Lock lock(mu_);
  const Duration steady = clock_.steady();
  std::erase_if(schedulers_, [&](const auto& entry) { return entry.second.until <= steady; });
  schedulers_[record.id] = {record, core::saturated_sum(steady, ttl), ++turns_};
  return {};
}

Status MemoryBroker::clear_scheduler(const std::string& id) {
  base::Lock lock(mu_);
  schedulers_.erase(id);
  return {};
}

Result<std::vector<SchedulerEntry>> MemoryBroker::scheduler_entries() {
  base::Lock lock(mu_);
  const Duration steady = clock_.steady();
  std::vector<const Published<SchedulerRecord>*> live;
  for (const auto& [id, published] : schedulers_) {
    if (published.until > steady) live.push_back(&published);
  }
  std::ranges::sort(live, {}, [](const auto* published) { return published->turn; });
  std::map<std::string, SchedulerEntry> entries;
  for (const auto* published : live) {
    for (const SchedulerEntry& entry : published->record.entries) entries[entry.id] = entry;
  }
  std::vector<SchedulerEntry> sorted;
  for (auto& [id, entry] : entries) sorted.push_back(std::move(entry));
  return sorted;
}

Result<std::vector<std::optional<TimePoint>>> MemoryBroker::last_ticks(std::span<const std::string> entries) {
  std::vector<std::optional<TimePoint>> last;
  base::Lock lock(mu_);
  for (const std::string& entry : entries) {
    const TickLog* log = store_.find_ticks(entry);
    last.push_back(log != nullptr ? std::optional(log->last) : std::nullopt);
  }
  return last;
}

Result<std::vector<SchedulerEvent>> MemoryBroker::scheduler_events(const std::string& entry, std::size_t limit) {
  base::Lock lock(mu_);
  const TickLog* log = store_.find_ticks(entry);
  if (log == nullptr) return std::vector<SchedulerEvent>();
  const std::size_t n = std::min(limit, log->events.size());
  return std::vector<SchedulerEvent>(log->events.rbegin(), log->events.rbegin() + static_cast<std::ptrdiff_t>(n));
}

}  // namespace windlass::broker::memory
