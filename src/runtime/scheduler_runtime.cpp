#include "runtime/scheduler_runtime.hpp"

#include <utility>

#include <windlass/log.hpp>

#include "core/ids.hpp"

namespace windlass::runtime {

SchedulerRuntime::SchedulerRuntime(BrokerPtr broker, const SchedulerConfig& config, base::Clock& clock,
                                   base::Random random)
    : broker_(config.metrics ? metered(std::move(broker), config.metrics) : std::move(broker)),
      zone_(config.zone),
      scheduler_(*broker_, clock, config, Trouble("scheduler", clock, base::Random(random.next()))),
      publisher_(*broker_, clock, core::new_process_id(clock.now()), scheduler_,
                 Trouble("scheduler publisher", clock, base::Random(random.next()))),
      scheduler_thread_(scheduler_, clock),
      publisher_thread_(publisher_, clock) {}

SchedulerRuntime::~SchedulerRuntime() { stop(); }

Status SchedulerRuntime::add(EntryPlan plan) {
  Status added = scheduler_.add(std::move(plan));
  if (added) wake();
  return added;
}

void SchedulerRuntime::replace(EntryPlan plan) {
  scheduler_.replace(std::move(plan));
  wake();
}

Status SchedulerRuntime::remove(const std::string& id) {
  if (!scheduler_.remove(id)) return Error(ErrorCode::kInvalidArgument, "there is no entry '" + id + "'");
  wake();
  return {};
}

void SchedulerRuntime::wake() {
  publisher_.changed();
  scheduler_thread_.wake();
  publisher_thread_.wake();
}

Status SchedulerRuntime::start() {
  base::Lock lock(mu_);
  if (state_ == State::kRunning) return Error(ErrorCode::kFailedPrecondition, "the scheduler runs already");
  if (state_ == State::kClosed) {
    return Error(ErrorCode::kFailedPrecondition, "the scheduler has been stopped; make a new one");
  }
  state_ = State::kRunning;
  scheduler_thread_.start();
  publisher_thread_.start();
  return {};
}

void SchedulerRuntime::stop() {
  base::Lock lock(mu_);
  if (state_ == State::kRunning) {
    scheduler_thread_.stop();
    publisher_thread_.stop();
    if (Status gone = publisher_.sign_off(); !gone) {
      log_warn("the record of the scheduler stays until it expires", {{"error", gone.error().message()}});
    }
  }
  state_ = State::kClosed;
}

}  // namespace windlass::runtime
