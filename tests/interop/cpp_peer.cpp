// The C++ peer of the interop tests: what peer/main.go does with Go Asynq, done with Windlass. Both speak the same
// lines, so that a test can put either at each place (README.md).
//
//   cpp_peer enqueue SOCKET           one JSON task a line on stdin, one JSON answer a line on stdout
//   cpp_peer inspect SOCKET           one JSON request a line, one JSON answer a line
//   cpp_peer serve SOCKET CONFIG      a server; JSON events on stdout, until SIGTERM
//   cpp_peer schedule SOCKET CONFIG   a scheduler; JSON events on stdout, until SIGTERM
//
// Payloads and results are hex, lengths and times whole seconds.
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <condition_variable>
#include <cstdio>
#include <functional>
#include <iostream>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>

#include <nlohmann/json.hpp>

#include <windlass/windlass.hpp>

using nlohmann::json;
using namespace windlass;
using std::chrono::seconds;

namespace {

std::string to_hex(std::string_view bytes) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  for (const unsigned char c : bytes) text += {kDigits[c >> 4], kDigits[c & 15]};
  return text;
}

std::string from_hex(const std::string& text) {
  std::string bytes;
  for (std::size_t i = 0; i + 1 < text.size(); i += 2) {
    bytes += static_cast<char>(std::stoi(text.substr(i, 2), nullptr, 16));
  }
  return bytes;
}

std::int64_t unix_seconds(TimePoint t) { return std::chrono::floor<seconds>(t).time_since_epoch().count(); }
std::int64_t whole_seconds(Duration d) { return std::chrono::floor<seconds>(d).count(); }

void emit(const json& value) {
  static std::mutex mu;
  const std::string line = value.dump() + "\n";
  const std::lock_guard lock(mu);
  std::fwrite(line.data(), 1, line.size(), stdout);
  std::fflush(stdout);
}

json error_object(const Error& error) {
  return {{"error", error_code_name(error.code())}, {"message", error.message()}};
}

template <class T>
T value_of(Result<T> result) {
  if (!result) throw std::runtime_error(result.error().message());
  return *std::move(result);
}

void check(const Status& status) {
  if (!status) throw std::runtime_error(status.error().message());
}

void answer_lines(const std::function<json(const json&)>& answer) {
  for (std::string line; std::getline(std::cin, line);) emit(answer(json::parse(line)));
}

// -- tasks

template <class T, class Set>
void set_if_there(const json& spec, const char* key, Set set) {
  if (const auto found = spec.find(key); found != spec.end() && !found->is_null()) set(found->get<T>());
}

EnqueueOptions options_of(const json& spec) {
  EnqueueOptions o;
  const auto in_seconds = [](auto set) { return [set](std::int64_t n) { set(seconds(n)); }; };
  set_if_there<std::string>(spec, "queue", [&](auto v) { o.queue(v); });
  set_if_there<std::string>(spec, "id", [&](auto v) { o.task_id(v); });
  set_if_there<std::string>(spec, "group", [&](auto v) { o.group(v); });
  set_if_there<int>(spec, "max_retry", [&](auto v) { o.max_retry(v); });
  set_if_there<std::int64_t>(spec, "timeout", in_seconds([&](auto d) { o.timeout(d); }));
  set_if_there<std::int64_t>(spec, "deadline",
                             in_seconds([&](auto d) { o.deadline(std::chrono::system_clock::now() + d); }));
  set_if_there<std::int64_t>(spec, "in", in_seconds([&](auto d) { o.process_in(d); }));
  set_if_there<std::int64_t>(spec, "unique", in_seconds([&](auto d) { o.unique(d); }));
  set_if_there<std::int64_t>(spec, "retention", in_seconds([&](auto d) { o.retention(d); }));
  set_if_there<std::int64_t>(spec, "expires_in", in_seconds([&](auto d) { o.expires_in(d); }));  // Go has no such thing
  set_if_there<Headers>(spec, "headers", [&](const auto& v) {
    for (const auto& [key, text] : v) o.header(key, text);
  });
  return o;
}

Task task_of(const json& spec) {
  Payload payload;
  set_if_there<std::string>(spec, "payload", [&](const auto& v) { payload = Payload(from_hex(v)); });
  return Task(spec.at("type"), payload, options_of(spec));
}

void enqueue(const BrokerPtr& broker) {
  Client client(broker);
  answer_lines([&](const json& spec) -> json {
    const Result<TaskInfo> task = client.enqueue(task_of(spec));
    if (!task) return error_object(task.error());
    return {{"id", task->id}, {"state", task_state_name(task->state)}};
  });
}

// -- serve

// Fails as often as the payload says, and writes down each run: its file tells of all runs, also those of a server that
// was killed.
Outcome tally(int runs, Duration pace, const Context& ctx) {
  std::this_thread::sleep_for(pace);
  const bool fails = ctx.retry_count() < std::stoi(ctx.payload().bytes());
  const std::string line = ctx.task_id() + (fails ? " failed\n" : " ok\n");
  if (::write(runs, line.data(), line.size()) != static_cast<ssize_t>(line.size()))
    return Outcome::fail("cannot write");
  return fails ? Outcome::fail("failed as told") : Outcome::done();
}

void wait_until_stopped(const Context& ctx) {
  std::mutex mu;
  std::condition_variable_any stopped;
  std::unique_lock lock(mu);
  stopped.wait(lock, ctx.stop_token(), [] { return false; });
}

json describe_run(const Context& ctx) {
  return {{"event", "run"},
          {"id", ctx.task_id()},
          {"queue", ctx.queue()},
          {"type", ctx.type()},
          {"payload", to_hex(ctx.payload().bytes())},
          {"headers", ctx.headers()},
          {"retried", ctx.retry_count()},
          {"max_retry", ctx.max_retry()},
          {"deadline", unix_seconds(ctx.deadline())}};
}

// What the tasks of the tests do, by their type. peer/serve.go has the same.
Mux make_mux(int runs, Duration pace) {
  Mux mux;
  mux.use([](Context& ctx, const Handler& next) {
    if (ctx.type() != "tally") emit(describe_run(ctx));
    return next(ctx);
  });
  const auto text = [](const Context& ctx) { return ctx.payload().bytes(); };
  const auto echo = [text](Context& ctx) { ctx.write_result(text(ctx)); };
  mux.handle("tally", [runs, pace](Context& ctx) { return tally(runs, pace, ctx); });
  mux.handle("echo", echo);
  mux.handle("fail", [text](Context& ctx) { return Outcome::fail(text(ctx)); });
  mux.handle("soft", [text](Context& ctx) { return Outcome::fail("soft: " + text(ctx)); });
  mux.handle("flaky", [text, echo](Context& ctx) {
    if (ctx.retry_count() == 0) return Outcome::fail(text(ctx));
    echo(ctx);
    return Outcome::done();
  });
  mux.handle("skip", [text](Context& ctx) -> Outcome { return SkipRetry(text(ctx) + ": skip retry for the task"); });
  mux.handle("revoke", [](Context&) -> Outcome { return RevokeTask(); });
  mux.handle("throw", [text](Context& ctx) { throw std::runtime_error(text(ctx)); });
  mux.handle("wait", [](Context& ctx) {
    wait_until_stopped(ctx);
    emit({{"event", "stopped"}, {"id", ctx.task_id()}});
    return Outcome::fail("context canceled");
  });
  return mux;
}

Task aggregate(const std::string& group, const std::vector<Task>& tasks) {
  std::string payload;
  for (const Task& task : tasks) payload += (payload.empty() ? group + ":" : ",") + task.payload().bytes();
  return Task("echo", payload, EnqueueOptions().task_id("sum-of-" + group).retention(std::chrono::hours(1)));
}

void serve(const BrokerPtr& broker, const json& spec) {
  ServerConfig config;
  config.queues = spec.value("queues", std::map<std::string, int>{{"default", 1}});
  config.concurrency = spec.value("concurrency", 4);
  config.janitor_interval = seconds(1);
  config.shutdown_timeout = seconds(spec.value("shutdown", 1));
  config.retry_delay = [delay = seconds(spec.value("retry_delay", 100))](int, const Failure&, const Context&) {
    return delay;
  };
  config.is_failure = [](const Failure& failure) { return !failure.message.starts_with("soft: "); };
  if (const int size = spec.value("group_max_size", 0); size > 0) {
    config.group_max_size = size;
    config.group_grace_period = seconds(1);
    config.aggregator = aggregate;
  }
  const std::string file = spec.value("runs", std::string());
  const int runs = file.empty() ? -1 : ::open(file.c_str(), O_CREAT | O_APPEND | O_WRONLY | O_CLOEXEC, 0600);

  // Attached, and so started when the server serves.
  class Announcer final : public Service {
   public:
    Status start() override {
      emit({{"event", "ready"}});
      return {};
    }
    void stop() override {}
  } announcer;
  Server server(broker, config);
  server.attach(announcer);
  check(server.run(make_mux(runs, std::chrono::milliseconds(spec.value("pace", 0)))));
}

// -- schedule

void schedule(const BrokerPtr& broker, const json& spec) {
  SchedulerConfig config;
  config.post_enqueue = [](const Tick&, const Result<TaskInfo>& stored) {
    emit(stored ? json{{"event", "enqueued"}, {"id", stored->id}} : error_object(stored.error()));
  };
  Scheduler scheduler(broker, config);
  json ids = json::array();
  for (const json& entry : spec.at("entries")) {
    ids.push_back(value_of(scheduler.add(entry.at("spec").get<std::string>(), task_of(entry.at("task")))));
  }
  emit({{"event", "ready"}, {"entries", ids}});
  check(scheduler.run());
}

// -- inspect

json describe(const QueueInfo& q) {
  return {{"queue", q.queue},
          {"paused", q.paused},
          {"size", q.size},
          {"pending", q.pending},
          {"active", q.active},
          {"scheduled", q.scheduled},
          {"retry", q.retry},
          {"archived", q.archived},
          {"completed", q.completed},
          {"aggregating", q.aggregating},
          {"groups", q.groups},
          {"processed", q.processed},
          {"failed", q.failed},
          {"processed_total", q.processed_total},
          {"failed_total", q.failed_total}};
}

json describe(const TaskInfo& t) {
  const bool waits = t.state == TaskState::kScheduled || t.state == TaskState::kRetry;
  return {{"id", t.id},
          {"queue", t.queue},
          {"type", t.type},
          {"payload", to_hex(t.payload.bytes())},
          {"headers", t.headers},
          {"state", task_state_name(t.state)},
          {"max_retry", t.max_retry},
          {"retried", t.retried},
          {"error", t.failure.message},
          {"last_failed_at", unix_seconds(t.last_failed_at)},
          {"timeout", whole_seconds(t.timeout)},
          {"deadline", unix_seconds(t.deadline)},
          {"group", t.group},
          {"next_process_at", waits ? unix_seconds(t.next_process_at) : 0},
          {"orphaned", t.orphaned},
          {"retention", whole_seconds(t.retention)},
          {"completed_at", unix_seconds(t.completed_at)},
          {"result", to_hex(t.result.value_or(""))}};
}

json describe(const ServerInfo& s) {
  json workers = json::array();
  for (const WorkerInfo& w : s.workers) {
    workers.push_back({{"id", w.task_id},
                       {"type", w.task_type},
                       {"queue", w.queue},
                       {"payload", to_hex(w.payload.bytes())},
                       {"started_at", unix_seconds(w.started_at)},
                       {"deadline", unix_seconds(w.deadline)}});
  }
  return {{"id", s.id.substr(s.id.rfind(':') + 1)},
          {"host", s.host},
          {"pid", s.pid},
          {"concurrency", s.concurrency},
          {"queues", s.queues},
          {"strict", s.strict_priority},
          {"status", s.status},
          {"started_at", unix_seconds(s.started_at)},
          {"workers", workers}};
}

json describe(const SchedulerEntry& e) {
  return {{"id", e.id},
          {"spec", e.spec},
          {"type", e.task_type},
          {"payload", to_hex(e.payload.bytes())},
          {"options", e.options},
          {"next_at", unix_seconds(e.next_at)},
          {"prev_at", unix_seconds(e.prev_at)}};
}

json describe(const GroupInfo& g) { return {{"group", g.group}, {"size", g.size}}; }
json describe(const DailyStats& d) { return {{"date", d.date}, {"processed", d.processed}, {"failed", d.failed}}; }
json describe(const SchedulerEvent& e) {
  return {{"task_id", e.task_id}, {"enqueued_at", unix_seconds(e.enqueued_at)}};
}
json describe(const std::string& text) { return text; }
json describe(std::size_t count) { return {{"count", count}}; }

template <class T>
json describe(const std::vector<T>& items) {
  json list = json::array();
  for (const T& item : items) list.push_back(describe(item));
  return list;
}

template <class T>
json answer(const Result<T>& result) {
  if (!result) return error_object(result.error());
  if constexpr (std::is_void_v<T>)
    return {{"ok", true}};
  else
    return describe(*result);
}

// What Go has no place for.
json answer_side_fields(const Result<TaskInfo>& task) {
  if (!task) return error_object(task.error());
  return {{"expires_at", unix_seconds(task->expires_at)},
          {"enqueued_at", unix_seconds(task->enqueued_at)},
          {"crashes", task->crashes},
          {"failure", failure_kind_name(task->failure.kind)},
          {"owner", task->owner}};
}

Result<std::vector<TaskInfo>> list_all(const Inspector& inspector, const TaskQuery& query) {
  std::vector<TaskInfo> all;
  std::string cursor;
  do {
    Result<TaskPage> page = inspector.list(query, 1000, cursor);
    if (!page) return page.error();
    std::move(page->tasks.begin(), page->tasks.end(), std::back_inserter(all));
    cursor = page->next;
  } while (!cursor.empty());
  return all;
}

json look_or_act(const Inspector& inspector, const json& request) {
  const auto text = [&](const char* key) { return request.value(key, std::string()); };
  const std::string what = text("do"), queue = text("queue"), id = text("id");
  const TaskQuery query{
      .queue = queue, .state = find_task_state(text("state")).value_or(TaskState::kPending), .group = text("group")};
  if (what == "queues") return answer(inspector.queues());
  if (what == "queue") return answer(inspector.queue(queue));
  if (what == "history") return answer(inspector.history(queue, request.at("days")));
  if (what == "groups") return answer(inspector.groups(queue));
  if (what == "task") return answer(inspector.task(queue, id));
  if (what == "side_fields") return answer_side_fields(inspector.task(queue, id));
  if (what == "list") return answer(list_all(inspector, query));
  if (what == "servers") return answer(inspector.servers());
  if (what == "entries") return answer(inspector.scheduler_entries());
  if (what == "events") return answer(inspector.scheduler_events(text("entry")));
  if (what == "run") return answer(inspector.run_task(queue, id));
  if (what == "archive") return answer(inspector.archive_task(queue, id));
  if (what == "delete") return answer(inspector.delete_task(queue, id));
  if (what == "cancel")
    return answer(inspector.cancel(queue, id, request.value("for_good", false) ? Cancel::kForGood : Cancel::kRetry));
  if (what == "update") return answer(inspector.update_payload(queue, id, from_hex(text("payload"))));
  if (what == "pause") return answer(inspector.pause_queue(queue));
  if (what == "resume") return answer(inspector.resume_queue(queue));
  if (what == "remove_queue") return answer(inspector.remove_queue(queue, request.value("force", false)));
  if (what == "run_all") return answer(inspector.run_all(query));
  if (what == "archive_all") return answer(inspector.archive_all(query));
  if (what == "delete_all") return answer(inspector.delete_all(query));
  throw std::runtime_error("no request '" + what + "'");
}

int run(const std::vector<std::string>& arguments) {
  const BrokerPtr broker = value_of(open_broker("redis-socket://" + arguments.at(1)));
  const std::string& command = arguments.at(0);
  if (command == "enqueue") {
    enqueue(broker);
  } else if (command == "inspect") {
    const Inspector inspector(broker);
    answer_lines([&](const json& request) { return look_or_act(inspector, request); });
  } else if (command == "serve") {
    serve(broker, json::parse(arguments.at(2)));
  } else if (command == "schedule") {
    schedule(broker, json::parse(arguments.at(2)));
  } else {
    throw std::runtime_error("no command '" + command + "'");
  }
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  set_log_level(LogLevel::kError);
  try {
    return run({argv + 1, argv + argc});
  } catch (const std::exception& e) {
    std::cerr << "cpp_peer: " << e.what() << '\n';
    return 1;
  }
}
