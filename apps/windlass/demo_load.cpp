#include "demo_load.hpp"

#include <sys/resource.h>

#include <chrono>
#include <thread>

#include "core/ids.hpp"
#include "core/text.hpp"
#include "demo_digest.hpp"
#include "output.hpp"

namespace windlass::app {
namespace {

using namespace std::chrono_literals;

constexpr Duration kKeep = 24h;
constexpr int kFlaky = 12, kGrouped = 30;
constexpr std::size_t kBatch = 200;

Outcome run_digest(Context& ctx) {
  const Result<Digest> digest = digest_file(ctx.payload().bytes());
  if (!digest) return SkipRetry(digest.error().message());
  ctx.write_result(codec::to_json(*digest));
  return Outcome::done();
}

// The payload says how many runs fail.
Outcome run_flaky(Context& ctx) {
  if (ctx.retry_count() < std::stoi(ctx.payload().bytes())) return Outcome::fail("the demo fails on purpose");
  ctx.write_result("succeeded in run " + std::to_string(ctx.retry_count() + 1));
  return Outcome::done();
}

// On purpose, and without leaving a core dump.
void segfault() {
  const rlimit none{0, 0};
  ::setrlimit(RLIMIT_CORE, &none);
  volatile int* volatile nowhere = nullptr;
  *nowhere = 1;
}

Status add(Client& client, DemoPlan& plan, const Task& task, const EnqueueOptions& options, Expected expected) {
  const Result<TaskInfo> stored = client.enqueue(task, options);
  if (!stored) return stored.error().at("enqueue of " + task.type());
  plan.tasks[stored->id] = std::move(expected);
  return {};
}

Status add_flaky(Client& client, DemoPlan& plan) {
  for (int i = 0; i < kFlaky; ++i) {
    const int failures = 1 + i % 3;
    Status added = add(client, plan, Task("demo:flaky", std::to_string(failures)), demo_options(static_cast<std::size_t>(i)).max_retry(5),
                       {.failure = FailureKind::kError, .retried = failures});
    if (!added) return added;
  }
  return {};
}

Status add_unique_twice(Client& client, DemoPlan& plan) {
  const Task task("demo:unique", core::new_uuid(now()));
  const EnqueueOptions options = demo_options(0).unique(1h).process_in(300ms);
  if (Status first = add(client, plan, task, options, {}); !first) return first;
  const Result<TaskInfo> second = client.enqueue(task, options);
  if (!second && second.error().code() == ErrorCode::kDuplicateTask) ++plan.duplicates_refused;
  return {};
}

Status add_group(Client& client, DemoPlan& plan) {
  const std::string run = core::new_uuid(now());
  for (int i = 0; i < kGrouped; ++i) {
    const auto stored = client.enqueue(Task("demo:item", "1"), demo_options(6).group("demo-" + run));
    if (!stored) return stored.error().at("enqueue into a group");
    ++plan.grouped;
  }
  return {};
}

std::optional<TimePoint> wait_for_ping(DemoSeen& seen, const std::string& id) {
  base::Lock lock(seen.mu);
  while (!seen.pings.contains(id)) {
    if (!seen.changed.wait_for(seen.mu, 10s)) return std::nullopt;
  }
  return seen.pings[id];
}

}  // namespace

EnqueueOptions demo_options(std::size_t n) {
  const std::size_t place = n % 10;
  return EnqueueOptions().queue(kDemoQueues[place < 6 ? 0 : place < 9 ? 1 : 2]).retention(kKeep);
}

Mux demo_mux(DemoSeen& seen) {
  Mux mux;
  mux.handle("demo:digest", run_digest);
  mux.handle("demo:flaky", run_flaky);
  mux.handle("demo:crash", [](Context&) { segfault(); }, {.isolation = Isolation::kProcess});
  mux.handle("demo:expiring", [&seen](Context&) { ++seen.expired_runs; });
  mux.handle("demo:unique", [](Context&) {});
  mux.handle("demo:tick", [&seen](Context& ctx) {
    ctx.write_result("tick of " + core::format_time(ctx.scheduled_at()));
    base::Lock lock(seen.mu);
    seen.last_tick = {ctx.scheduled_at(), ctx.started_at()};
  });
  mux.handle("demo:sum", [&seen](Context& ctx) {
    seen.grouped += std::stoi(ctx.payload().bytes());
    base::Lock lock(seen.mu);
    seen.aggregates.push_back(ctx.task_id());
  });
  mux.handle("demo:ping", [&seen](Context& ctx) {
    const TimePoint started = now();
    base::Lock lock(seen.mu);
    seen.pings[ctx.task_id()] = started;
    seen.changed.notify_all();
  });
  return mux;
}

ServerConfig demo_config() {
  ServerConfig config;
  config.queues = {{kDemoQueues[0], 6}, {kDemoQueues[1], 3}, {kDemoQueues[2], 1}};
  config.retry_delay = [](int n, const Failure&, const Context&) { return Duration(100ms * (n + 1)); };
  config.group_grace_period = 1s;
  config.group_max_size = 20;
  config.aggregator = [](const std::string&, const std::vector<Task>& tasks) {
    return Task("demo:sum", std::to_string(tasks.size()), EnqueueOptions().retention(kKeep));
  };
  return config;
}

Status enqueue_specials(const BrokerPtr& broker, DemoPlan& plan) {
  Client client(broker);
  // The server is not running yet: when it comes, this one's time is over.
  if (Status s = add(client, plan, Task("demo:expiring"), demo_options(0).expires_in(1ms),
                     {.state = TaskState::kArchived, .failure = FailureKind::kExpired}); !s) return s;
  if (Status s = add(client, plan, Task("demo:crash"), demo_options(0).max_retry(0),
                     {.state = TaskState::kArchived, .failure = FailureKind::kSignal}); !s) return s;
  if (Status s = add_flaky(client, plan); !s) return s;
  if (Status s = add_unique_twice(client, plan); !s) return s;
  return add_group(client, plan);
}

Status enqueue_files(const BrokerPtr& broker, const std::vector<std::string>& files, DemoPlan& plan,
                     const std::function<void()>& progress) {
  Client client(broker);
  for (std::size_t at = 0; at < files.size(); at += kBatch) {
    std::vector<Task> tasks;
    for (std::size_t i = at; i < std::min(files.size(), at + kBatch); ++i) {
      EnqueueOptions options = demo_options(i);
      if (i % 50 == 0) {
        options.process_in(500ms + Duration(1ms) * (i % 1000));
        ++plan.delayed;
      }
      tasks.emplace_back("demo:digest", files[i], options);
    }
    const auto stored = client.enqueue_batch(tasks);
    for (std::size_t i = 0; i < stored.size(); ++i) {
      if (!stored[i]) return stored[i].error().at("enqueue for " + files[at + i]);
      plan.tasks[stored[i]->id] = {.path = files[at + i]};
    }
    progress();
  }
  return {};
}

Result<std::vector<double>> measure_pickup(const BrokerPtr& broker, DemoSeen& seen, DemoPlan& plan, int count) {
  Client client(broker);
  std::vector<double> seconds;
  for (int i = 0; i < count; ++i) {
    const TimePoint start = now();
    const auto stored = client.enqueue(Task("demo:ping"), demo_options(0));
    if (!stored) return stored.error().at("enqueue of a ping");
    plan.tasks[stored->id] = {};
    const std::optional<TimePoint> started = wait_for_ping(seen, stored->id);
    if (!started) return Error(ErrorCode::kUnavailable, "a task was not picked up for 10 s");
    seconds.push_back(std::chrono::duration<double>(*started - start).count());
    // The server goes to sleep, so that the next one meets an idle one.
    std::this_thread::sleep_for(5ms);
  }
  return seconds;
}

}  // namespace windlass::app
