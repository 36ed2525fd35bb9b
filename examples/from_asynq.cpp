// Asynq's API in C++, with from_asynq_rest.cpp, beside from_asynq/main.go and rest.go, which are the same program in Go.
// docs/guide/from-asynq.md shows them side by side.
//   from_asynq BROKER                  prints what main.go prints, on a Redis that is empty
#include <iostream>
#include <latch>
#include <mutex>

#include "from_asynq_rest.hpp"

using namespace std::chrono_literals;

struct Welcome { std::string user; };
WINDLASS_FIELDS(Welcome, user)

std::latch all_served(4);  // welcome, bounce, cleanup, batch
std::once_flag ticked;
std::latch tick_served(1);

// docs: handler
void welcome(windlass::Context& ctx, const Welcome& mail) {
  say("welcome " + mail.user + ", " + ctx.queue() + ", retried " + std::to_string(ctx.retry_count()) + " of " +
      std::to_string(ctx.max_retry()));
  if (ctx.stop_requested()) throw std::runtime_error("told to stop");  // or hand ctx.stop_token() to what waits
  ctx.write_result("sent");
}
// docs: end

// docs: skip-retry
windlass::Outcome bounce(windlass::Context&) { return windlass::SkipRetry("no such mailbox"); }
windlass::Outcome cleanup(windlass::Context&) { return windlass::RevokeTask(); }
// docs: end

// docs: aggregator
windlass::Task join_rows(const std::string& group, const std::vector<windlass::Task>& tasks) {
  return windlass::Task("batch", std::to_string(tasks.size()) + " " + group);
}
// docs: end

windlass::Mux make_mux() {
  // docs: mux
  windlass::Mux mux;
  mux.handle<Welcome>("email:welcome", welcome);  // decodes JSON; a payload that does not decode is archived at once
  mux.handle("email:bounce", bounce);
  mux.handle("cleanup", cleanup);
  mux.handle("batch", [](windlass::Context& ctx) { say("batch " + ctx.payload().bytes()); });
  mux.handle("tick", [](windlass::Context&) {
    std::call_once(ticked, [] {
      say("tick");
      tick_served.count_down();
    });
  });
  // docs: end
  // docs: middleware
  mux.use([](windlass::Context& ctx, const windlass::Handler& next) {
    const windlass::Outcome outcome = next(ctx);
    if (ctx.type() != "tick") all_served.count_down();
    return outcome;
  });
  // docs: end
  return mux;
}

windlass::Status enqueue_all(windlass::Client& client) {
  // docs: enqueue
  const windlass::Task task("email:welcome", windlass::codec::to_json(Welcome{"ada"}));
  const auto info = client.enqueue(task, windlass::EnqueueOptions()
                                             .task_id("welcome-ada")
                                             .queue("critical")
                                             .max_retry(3)
                                             .timeout(30s)
                                             .deadline(std::chrono::system_clock::now() + 1h)
                                             .unique(1h)
                                             .retention(2h)
                                             .header("trace", "42"));
  if (!info) return info.error();
  say("enqueued " + info->id + " in " + info->queue);
  // docs: end

  // docs: errors
  const auto again = client.enqueue(task, windlass::EnqueueOptions().queue("critical").unique(1h));
  if (!again && again.error().code() == windlass::ErrorCode::kDuplicateTask) say("a duplicate");
  const auto taken = windlass::EnqueueOptions().queue("critical").task_id("welcome-ada");
  const auto same_id = client.enqueue(windlass::Task("other"), taken);
  if (!same_id && same_id.error().code() == windlass::ErrorCode::kTaskIdConflict) say("an id that is taken");
  // docs: end

  // docs: schedule-one
  const windlass::Task report("report");
  const auto later = client.enqueue(report, windlass::EnqueueOptions().task_id("later").process_in(24h));
  const auto tomorrow = std::chrono::system_clock::now() + 24h;
  const auto at = client.enqueue(report, windlass::EnqueueOptions().task_id("at").process_at(tomorrow));
  // docs: end
  if (!later) return later.error();
  if (!at) return at.error();

  // docs: group
  for (const char* row : {"a", "b", "c"}) {
    const auto stored = client.enqueue(windlass::Task("row", row), windlass::EnqueueOptions().group("rows"));
    if (!stored) return stored.error();
  }
  // docs: end
  for (const char* type : {"email:bounce", "cleanup"}) {
    const auto stored = client.enqueue(windlass::Task(type), windlass::EnqueueOptions().task_id(type));
    if (!stored) return stored.error();
  }
  return {};
}

// What windlass has beyond Asynq, for the other guides.
windlass::Status more_options(windlass::Client& client) {
  // docs: time-limits
  const auto code = windlass::EnqueueOptions().expires_in(2min).timeout(10s).max_retry(5);
  const auto report = windlass::EnqueueOptions().deadline(std::chrono::system_clock::now() + 6h).retention(24h);
  // docs: end
  // docs: unknown-outcome
  windlass::Task invoice("invoice", "4711");
  auto stored = client.enqueue(invoice, windlass::EnqueueOptions().task_id("invoice-4711"));
  if (!stored && stored.error().code() == windlass::ErrorCode::kUnknownOutcome) {
    stored = client.enqueue(invoice, windlass::EnqueueOptions().task_id("invoice-4711"));
    // It was stored the first time.
    if (!stored && stored.error().code() == windlass::ErrorCode::kTaskIdConflict) return {};
  }
  if (!stored) return stored.error();
  // docs: end
  for (const auto& options : {code, report}) {
    const auto task = client.enqueue(windlass::Task("later"), windlass::EnqueueOptions(options).process_in(1h));
    if (!task) return task.error();
  }
  return {};
}

windlass::ServerConfig make_config() {
  // docs: server-config
  windlass::ServerConfig config;
  config.concurrency = 1;
  config.queues = {{"critical", 6}, {"default", 3}, {"low", 1}};
  config.strict_priority = true;
  config.retry_delay = [](int n, const windlass::Failure&, const windlass::Context&) { return n * 1s; };
  config.is_failure = [](const windlass::Failure& failure) { return failure.message != "not my fault"; };
  config.on_error = [](const windlass::Context& task, const windlass::Outcome&) { say("failed " + task.task_id()); };
  config.shutdown_timeout = 8s;
  config.aggregator = join_rows;
  config.group_max_size = 3;
  config.group_grace_period = 60s;
  // docs: end
  return config;
}

windlass::Status inspect(const windlass::BrokerPtr& broker) {
  // docs: inspector
  const windlass::Inspector inspector(broker);
  const auto done = inspector.task("critical", "welcome-ada");
  if (!done) return done.error();
  say(std::string(windlass::task_state_name(done->state)) + ", result " + done->result.value_or(""));

  const auto page = inspector.list({.queue = "default", .state = windlass::TaskState::kScheduled}, 100);
  if (!page) return page.error();
  say(std::to_string(page->tasks.size()) + " scheduled");

  for (const auto& status : {inspector.run_task("default", "email:bounce"),  // from archived to pending
                             inspector.archive_task("default", "later"), inspector.delete_task("default", "at"),
                             inspector.pause_queue("low"), inspector.resume_queue("low")}) {
    if (!status) return status;
  }
  const auto queue = inspector.queue("default");
  if (!queue) return queue.error();
  say(std::to_string(queue->pending) + " pending, " + std::to_string(queue->archived) + " archived");
  // docs: end
  return {};
}

int fail(const windlass::Error& error) { return std::cerr << error.message() << '\n', 1; }

int main(int argc, char** argv) {
  if (argc != 2) return std::cerr << "usage: from_asynq BROKER\n", 2;
  // docs: client
  const auto broker = windlass::open_broker(argv[1]);  // "redis://localhost:6379/0"
  if (!broker) return fail(broker.error());
  windlass::Client client(*broker);
  // docs: end
  // The low queue must be there before it can be paused.
  const auto low = windlass::EnqueueOptions().queue("low").process_in(1h);
  if (auto stored = client.enqueue(windlass::Task("unused"), low); !stored) return fail(stored.error());
  if (auto enqueued = enqueue_all(client); !enqueued) return fail(enqueued.error());

  // docs: server
  windlass::Server server(*broker, make_config());
  if (auto started = server.start(make_mux()); !started) return fail(started.error());
  // docs: end
  all_served.wait();

  // docs: scheduler
  windlass::SchedulerConfig of_scheduler;
  of_scheduler.zone = "Europe/Berlin";
  windlass::Scheduler scheduler(*broker, of_scheduler);
  const windlass::Task tick("tick", {}, windlass::EnqueueOptions().queue("critical"));
  const auto entry = scheduler.add("@every 1s", tick, windlass::EntryOptions("tick"));
  if (!entry) return fail(entry.error());
  if (auto started = scheduler.start(); !started) return fail(started.error());
  // docs: end
  tick_served.wait();
  scheduler.stop();

  // docs: manager
  const auto entries = [] {
    return windlass::PeriodicTaskConfigs{{"0 9 * * *", windlass::Task("tick"), windlass::EntryOptions("daily")}};
  };
  windlass::PeriodicTaskManagerConfig of_manager;
  of_manager.sync_interval = 1min;
  windlass::PeriodicTaskManager manager(*broker, windlass::function_provider(entries), of_manager);
  if (auto started = manager.start(); !started) return fail(started.error());
  // docs: end
  manager.stop();

  // docs: stop
  server.stop();
  // docs: end
  if (auto inspected = inspect(*broker); !inspected) return fail(inspected.error());
  if (auto rest = rest_of_the_api(argv[1]); !rest) return fail(rest.error());
  if (auto more = more_options(client); !more) return fail(more.error());
}
