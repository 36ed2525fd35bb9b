#include <utility>

#include <windlass/periodic.hpp>

#include "api/run_until_signal.hpp"
#include "core/text.hpp"
#include "periodic/sync_role.hpp"
#include "runtime/role_thread.hpp"
#include "runtime/scheduler_runtime.hpp"

namespace windlass {

struct PeriodicTaskManager::Impl {
  Impl(BrokerPtr broker, ProviderPtr provider, const PeriodicTaskManagerConfig& config)
      : interval(config.sync_interval),
        scheduler(std::move(broker), config.scheduler, base::real_clock(), base::Random::seeded()),
        sync(std::move(provider), config, base::real_clock(), scheduler),
        thread(sync, base::real_clock()) {}

  Status start();
  void stop();

  const Duration interval;
  runtime::SchedulerRuntime scheduler;
  periodic::SyncRole sync;
  runtime::RoleThread thread;
  api::RunUntilSignal signals;
  base::Mutex mu;  // held while starting and stopping
  bool started WINDLASS_GUARDED_BY(mu) = false;
};

Status PeriodicTaskManager::Impl::start() {
  constexpr Duration kShortest = std::chrono::milliseconds(100);
  if (interval < kShortest) {
    return Error(ErrorCode::kInvalidArgument,
                 "sync_interval must be at least 100ms, not " + core::format_duration(interval));
  }
  base::Lock lock(mu);
  if (started) {
    return Error(ErrorCode::kFailedPrecondition, "the periodic task manager was started before; make a new one");
  }
  started = true;
  if (Status synced = sync.first(); !synced) return synced;
  if (Status running = scheduler.start(); !running) return running;
  thread.start();
  return {};
}

void PeriodicTaskManager::Impl::stop() {
  sync.stop();
  base::Lock lock(mu);
  thread.stop();
  scheduler.stop();
}

PeriodicTaskManager::PeriodicTaskManager(BrokerPtr broker, ProviderPtr provider, PeriodicTaskManagerConfig config)
    : impl_(std::make_unique<Impl>(std::move(broker), std::move(provider), config)) {}
PeriodicTaskManager::~PeriodicTaskManager() { stop(); }

Status PeriodicTaskManager::start() { return impl_->start(); }

void PeriodicTaskManager::stop() {
  impl_->signals.end();
  impl_->stop();
}

Status PeriodicTaskManager::run() { return impl_->signals.run(*this); }
std::vector<SchedulerEntry> PeriodicTaskManager::entries() const { return impl_->scheduler.entries(); }
Status PeriodicTaskManager::ping() { return impl_->scheduler.broker().ping(); }

}  // namespace windlass
