#include "runtime/heartbeat.hpp"

#include <algorithm>
#include <utility>

#include <windlass/log.hpp>

namespace windlass::runtime {
namespace {

std::vector<broker::LeaseToken> tokens(const std::vector<broker::RunningTask>& running) {
  std::vector<broker::LeaseToken> result;
  for (const broker::RunningTask& task : running) result.push_back(task.lease.token);
  return result;
}

}  // namespace

Heartbeat::Heartbeat(broker::Broker& broker, base::Clock& clock, HeartbeatPlan plan, RunTable& table, Slots& slots,
                     Trouble trouble, Counters& counters)
    : broker_(broker),
      clock_(clock),
      plan_(std::move(plan)),
      table_(table),
      slots_(slots),
      trouble_(std::move(trouble)),
      counters_(counters) {}

void Heartbeat::set_status(std::string status) {
  base::Lock lock(mu_);
  status_ = std::move(status);
}

std::string Heartbeat::status() const {
  base::Lock lock(mu_);
  return status_;
}

Status Heartbeat::announce() {
  const Duration steady = clock_.steady();
  const Status alive = beat(steady);
  return alive ? publish(steady) : alive;
}

Status Heartbeat::sign_off() { return broker_.clear_server(plan_.info.id); }

TimePoint Heartbeat::step(TimePoint now) {
  const Duration steady = clock_.steady();
  Status status = beat(steady);
  const Status extended = extend_leases(steady);
  if (status) status = extended;
  const Status published = publish(steady);
  if (status) status = published;
  const Duration next = std::min(plan_.liveness / 3, kPublishSpacing);
  if (!status) return now + std::min(trouble_.failed(status.error()), next);
  trouble_.ended();
  return now + next;
}

Status Heartbeat::beat(Duration steady) {
  if (steady < next_alive_) return {};
  Status status = broker_.keep_alive(plan_.info.id, plan_.liveness);
  if (!status) return status;
  next_alive_ = steady + plan_.liveness / 3;
  table_.heard_of(steady + plan_.liveness, clock_.steady());
  return {};
}

Status Heartbeat::extend_leases(Duration steady) {
  const std::vector<LeaseDue> due = table_.leases_due(steady + plan_.lease * 2 / 3);
  if (due.empty()) return {};
  std::vector<broker::LeaseRef> leases;
  for (const LeaseDue& d : due) leases.push_back(d.lease);
  const auto held = broker_.extend(leases, plan_.lease);
  if (!held) return held.error();
  std::size_t lost = 0;
  for (std::stop_source& source : table_.extended(due, *held, steady + plan_.lease, steady, lost)) source.request_stop();
  counters_.lease_lost.add(lost);
  if (lost > 0) log_warn("leases lost: somebody else owns these tasks now", {{"tasks", std::to_string(lost)}});
  return {};
}

Status Heartbeat::publish(Duration steady) {
  broker::ServerRecord record{plan_.info, slots_.running()};
  record.info.status = status();
  std::vector<broker::LeaseToken> running = tokens(record.running);
  const bool changed = record.info.status != published_status_ || running != published_running_;
  if (steady < (changed ? published_at_ + kPublishSpacing : next_publish_)) return {};
  Status published = broker_.publish_server(record, kPublishTtl);
  if (!published) return published;
  published_at_ = steady;
  next_publish_ = steady + kPublishEvery;
  published_status_ = std::move(record.info.status);
  published_running_ = std::move(running);
  return published;
}

}  // namespace windlass::runtime
