#include <windlass/scheduler.hpp>

#include <utility>

#include "api/run_until_signal.hpp"
#include "runtime/scheduler_runtime.hpp"

namespace windlass {

struct Scheduler::Impl {
  Impl(BrokerPtr broker, const SchedulerConfig& config)
      : runtime(std::move(broker), config, base::real_clock(), base::Random::seeded()) {}

  Result<std::string> add(Result<runtime::EntryPlan> plan) {
    if (!plan) return plan.error();
    std::string id = plan->id;
    if (Status added = runtime.add(*std::move(plan)); !added) return added.error();
    return id;
  }

  runtime::SchedulerRuntime runtime;
  api::RunUntilSignal signals;
};

Scheduler::Scheduler(BrokerPtr broker, SchedulerConfig config)
    : impl_(std::make_unique<Impl>(std::move(broker), config)) {}
Scheduler::~Scheduler() { stop(); }

Result<std::string> Scheduler::add(std::string_view spec, Task task, EntryOptions options) {
  runtime::SchedulerRuntime& runtime = impl_->runtime;
  return impl_->add(
      runtime::make_entry(spec, std::move(task), std::move(options), runtime.zone(), runtime.broker().payload_max()));
}

Result<std::string> Scheduler::add(std::string_view spec, TaskFactory factory, EntryOptions options) {
  return impl_->add(runtime::make_entry(spec, std::move(factory), std::move(options), impl_->runtime.zone()));
}

Status Scheduler::remove(const std::string& id) { return impl_->runtime.remove(id); }
std::vector<SchedulerEntry> Scheduler::entries() const { return impl_->runtime.entries(); }
Status Scheduler::start() { return impl_->runtime.start(); }

void Scheduler::stop() {
  impl_->signals.end();
  impl_->runtime.stop();
}

Status Scheduler::run() { return impl_->signals.run(*this); }
Status Scheduler::ping() { return impl_->runtime.broker().ping(); }

}  // namespace windlass
