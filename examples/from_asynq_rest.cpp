// What from_asynq.cpp leaves over of Asynq's API, beside from_asynq/rest.go.
#include "from_asynq_rest.hpp"

#include <iostream>
#include <latch>
#include <mutex>
#include <thread>

using namespace std::chrono_literals;

namespace {

windlass::Status enqueue_images(windlass::Client& client) {
  // docs: batch
  const std::vector<windlass::Task> images{windlass::Task("image:a"), windlass::Task("image:b")};
  for (const auto& stored : client.enqueue_batch(images, windlass::EnqueueOptions().queue("images"))) {
    if (!stored) return stored.error();
  }
  // docs: end
  for (const char* type : {"nobody", "boom", "wait"}) {
    const auto stored = client.enqueue(windlass::Task(type), windlass::EnqueueOptions().queue("images").task_id(type).max_retry(0));
    if (!stored) return stored.error();
  }
  return {};
}

// docs: logger
struct Silence : windlass::LogSink {
  void write(const windlass::LogRecord&) override {}
};
// docs: end

windlass::Status serve_images(const windlass::BrokerPtr& broker, windlass::Client& client, const windlass::Inspector& inspector) {
  std::latch healthy(1);
  std::once_flag once;
  std::latch cancelled(1);
  // docs: more-config
  windlass::set_log_sink(std::make_shared<Silence>());
  windlass::ServerConfig config;
  config.concurrency = 1;
  config.queues = {{"images", 1}};
  config.health_check_interval = 100ms;
  config.on_health_check = [&](const windlass::Status& status) {
    if (status) std::call_once(once, [&] { healthy.count_down(); });
  };
  config.on_error = [](const windlass::Context& task, const windlass::Outcome& outcome) {
    if (outcome.failure().kind == windlass::FailureKind::kNoHandler) say(task.type() + ": no handler");
    if (outcome.failure().kind == windlass::FailureKind::kException) say(task.type() + ": it threw");
  };
  config.group_max_delay = 10min;
  config.janitor_interval = 8s;
  config.janitor_batch = 100;
  // docs: end
  // docs: nested
  windlass::Mux images;
  images.handle("image:", [](windlass::Context& ctx) { say(ctx.type()); });  // every type that begins so
  windlass::Mux mux;
  mux.handle("image:", [images](windlass::Context& ctx) { return images.run(ctx); });
  // docs: end
  mux.handle("boom", [](windlass::Context&) { throw std::runtime_error("boom"); });
  mux.handle("wait", [&](windlass::Context& ctx) {
    while (!ctx.stop_requested()) std::this_thread::sleep_for(1ms);
    say("cancelled");
    cancelled.count_down();
    return windlass::Outcome::fail("told to stop");
  });
  if (auto stored = enqueue_images(client); !stored) return stored;
  windlass::Server server(broker, config);
  if (auto started = server.start(mux); !started) return started;
  healthy.wait();
  while (!cancelled.try_wait()) {
    // docs: cancel
    const auto asked = inspector.cancel("images", "wait");
    // docs: end
    if (!asked && asked.error().code() != windlass::ErrorCode::kFailedPrecondition) return asked;  // it does not run yet
    std::this_thread::sleep_for(50ms);
  }
  // docs: servers
  const auto servers = inspector.servers();
  if (!servers) return servers.error();
  for (const auto& s : *servers) {
    say("a server of " + std::to_string(s.queues.size()) + " queue, " + std::to_string(s.concurrency) + " at once, " + s.status);
  }
  // docs: end
  // docs: quiet
  server.quiet();
  server.stop();
  // docs: end
  return {};
}

windlass::Status inspect_more(windlass::Client& client, const windlass::Inspector& inspector) {
  // docs: queues
  const auto queues = inspector.queues();
  if (!queues) return queues.error();
  std::string names;
  for (const auto& name : *queues) names += (names.empty() ? "" : " ") + name;
  say(names);
  const auto days = inspector.history("images", 1);
  if (!days) return days.error();
  say("today " + std::to_string(days->at(0).processed) + " processed, " + std::to_string(days->at(0).failed) + " failed");
  // docs: end

  // docs: bulk
  const auto pending = inspector.run_all({.queue = "images", .state = windlass::TaskState::kArchived});
  if (!pending) return pending.error();
  const auto archived = inspector.archive_all({.queue = "images", .state = windlass::TaskState::kPending});
  if (!archived) return archived.error();
  const auto deleted = inspector.delete_all({.queue = "images", .state = windlass::TaskState::kArchived});
  if (!deleted) return deleted.error();
  say(std::to_string(*pending) + " run, " + std::to_string(*archived) + " archived, " + std::to_string(*deleted) + " deleted");
  // docs: end

  const auto in_an_hour = windlass::EnqueueOptions().queue("images").task_id("c").process_in(1h);
  if (const auto c = client.enqueue(windlass::Task("image:c", "old"), in_an_hour); !c) return c.error();
  const auto row = client.enqueue(windlass::Task("row"), windlass::EnqueueOptions().queue("images").group("rows"));
  if (!row) return row.error();
  // docs: update
  if (auto updated = inspector.update_payload("images", "c", "new"); !updated) return updated;
  const auto groups = inspector.groups("images");
  if (!groups) return groups.error();
  say(std::to_string(groups->at(0).size) + " in group " + groups->at(0).group);
  const auto rows = inspector.list({.queue = "images", .state = windlass::TaskState::kAggregating, .group = "rows"});
  if (!rows) return rows.error();
  say(rows->tasks.at(0).type + " waits");
  // docs: end
  // docs: remove-queue
  auto removed = inspector.remove_queue("images");
  if (!removed && removed.error().code() == windlass::ErrorCode::kQueueNotEmpty) {
    removed = inspector.remove_queue("images", true);
  }
  if (!removed) return removed;
  // docs: end
  return {};
}

windlass::Status schedule_more(const windlass::BrokerPtr& broker, const windlass::Inspector& inspector) {
  std::latch stored(1);
  std::once_flag before;
  std::once_flag after;
  // docs: hooks
  windlass::SchedulerConfig config;
  config.pre_enqueue = [&](const windlass::Tick&, const windlass::Task& task) {
    std::call_once(before, [&] { say(task.type() + " is due"); });
  };
  config.post_enqueue = [&](const windlass::Tick&, const windlass::Result<windlass::TaskInfo>& task) {
    if (task) std::call_once(after, [&] { say(task->type + " is stored"), stored.count_down(); });
  };
  windlass::Scheduler scheduler(broker, config);
  const windlass::Task sample("sample", {}, windlass::EnqueueOptions().queue("low"));
  const auto id = scheduler.add("@every 1s", sample, windlass::EntryOptions("sample"));
  if (!id) return id.error();
  // docs: end
  if (auto started = scheduler.start(); !started) return started;
  stored.wait();
  for (bool seen = false; !seen; std::this_thread::sleep_for(10ms)) {
    // docs: entries
    const auto entries = inspector.scheduler_entries();
    if (!entries) return entries.error();
    const auto ticks = inspector.scheduler_events(*id);
    if (!ticks) return ticks.error();
    // docs: end
    seen = entries->size() == 1 && !ticks->empty();
    if (seen) say(entries->at(0).spec + " " + entries->at(0).task_type);
  }
  // docs: unregister
  if (auto removed = scheduler.remove(*id); !removed) return removed;
  scheduler.stop();
  // docs: end
  return {};
}

}  // namespace

void say(const std::string& line) {
  static std::mutex mu;
  const std::lock_guard lock(mu);
  std::cout << line << std::endl;
}

windlass::Status rest_of_the_api(const std::string& url) {
  // docs: connect
  const auto broker = windlass::open_broker(url);  // "redis://localhost:6379/0"
  if (!broker) return broker.error();
  windlass::Client client(*broker);
  if (auto reached = client.ping(); !reached) return reached;
  // docs: end
  const windlass::Inspector inspector(*broker);
  if (auto served = serve_images(*broker, client, inspector); !served) return served;
  if (auto inspected = inspect_more(client, inspector); !inspected) return inspected;
  return schedule_more(*broker, inspector);
}
