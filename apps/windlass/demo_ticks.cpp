#include "demo_ticks.hpp"

#include <chrono>

#include "core/ids.hpp"
#include "output.hpp"

namespace windlass::app {
namespace {

using namespace std::chrono_literals;

constexpr auto kPatience = 30s;

}  // namespace

DemoTicks::DemoTicks(const BrokerPtr& broker) : first_(broker, config()), second_(broker, config()) {}

SchedulerConfig DemoTicks::config() {
  SchedulerConfig config;
  config.post_enqueue = [this](const Tick& tick, const Result<TaskInfo>& stored) { note(tick, stored); };
  return config;
}

void DemoTicks::note(const Tick& tick, const Result<TaskInfo>& stored) {
  base::Lock lock(mu_);
  Served& served = served_[tick.nominal];
  if (stored) served.tasks.push_back(stored->id);
  else if (stored.error().code() == ErrorCode::kTickTaken) ++served.refused;
  both_came_ = both_came_ || (served.tasks.size() + static_cast<std::size_t>(served.refused) > 1);
  changed_.notify_all();
}

Status DemoTicks::start() {
  // A name of its own: the store may hold the ticks of earlier demos.
  const EntryOptions options("demo-" + core::new_uuid(now()));
  const Task task("demo:tick", {}, demo_options(0));
  for (Scheduler* scheduler : {&first_, &second_}) {
    if (const auto added = scheduler->add("@every 1s", task, options); !added) return added.error();
    if (Status started = scheduler->start(); !started) return started;
  }
  return {};
}

bool DemoTicks::wait_for_both() {
  const auto end = std::chrono::steady_clock::now() + kPatience;
  base::Lock lock(mu_);
  while (!both_came_ && std::chrono::steady_clock::now() < end) changed_.wait_for(mu_, 1s);
  return both_came_;
}

Status DemoTicks::finish(DemoPlan& plan) {
  const bool came = wait_for_both();
  first_.stop();
  second_.stop();
  if (!came) return Error(ErrorCode::kUnavailable, "no tick was served by both schedulers for 30 s");
  base::Lock lock(mu_);
  for (const auto& [nominal, served] : served_) {
    ++plan.ticks;
    plan.tick_tasks += static_cast<int>(served.tasks.size());
    plan.ticks_refused += served.refused;
    for (const std::string& id : served.tasks) plan.tasks[id] = {};
  }
  return {};
}

}  // namespace windlass::app
