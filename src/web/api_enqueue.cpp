// New tasks: enqueue, and the task of a scheduler entry now.
#include <algorithm>

#include <windlass/scheduler.hpp>

#include "core/option_text.hpp"
#include "web/api.hpp"
#include "web/body.hpp"
#include "web/payload_body.hpp"

namespace windlass::web {
namespace {

// Reads fields until one is wrong; then remembers why.
class Reader {
 public:
  explicit Reader(const Body& body) : body_(body) {}

  template <class T, class Set>
  void take(Result<std::optional<T>> value, Set&& set) {
    if (!value && error_.ok()) error_ = value.error();
    if (value && *value) set(**value);
  }
  template <class Set>
  void text(std::string_view field, Set&& set) {
    auto value = body_.text(field);
    if (!value && error_.ok()) error_ = value.error();
    if (value && !value->empty()) set(*value);
  }
  template <class Set>
  void seconds(std::string_view field, Set&& set) { take<Duration>(body_.seconds(field), set); }
  template <class Set>
  void time(std::string_view field, Set&& set) { take<TimePoint>(body_.time(field), set); }

  const Body& body() const { return body_; }
  Status error_;

 private:
  const Body& body_;
};

Status read_headers(const Body& body, EnqueueOptions& options) {
  const codec::Value* value = body.find("headers");
  if (!value) return {};
  const auto* members = value->get_if<codec::Value::Object>();
  if (!members) return Error(ErrorCode::kInvalidArgument, "field 'headers': must be an object of strings");
  for (const auto& member : *members) {
    const auto* text = member.value.get_if<std::string>();
    if (!text) return Error(ErrorCode::kInvalidArgument, "field 'headers." + member.key + "': must be a string");
    options.header(member.key, *text);
  }
  return {};
}

Result<EnqueueOptions> options_of(const Body& body, const std::string& queue) {
  EnqueueOptions options;
  options.queue(queue);
  Reader reader(body);
  std::string unique_key;
  reader.text("id", [&](const std::string& id) { options.task_id(id); });
  reader.text("group", [&](const std::string& group) { options.group(group); });
  reader.text("unique_key", [&](const std::string& key) { unique_key = key; });
  reader.take<std::int64_t>(body.integer("max_retry"), [&](std::int64_t n) { options.max_retry(static_cast<int>(std::clamp<std::int64_t>(n, 0, 1'000'000))); });
  reader.seconds("timeout_seconds", [&](Duration d) { options.timeout(d); });
  reader.time("deadline", [&](TimePoint t) { options.deadline(t); });
  reader.time("process_at", [&](TimePoint t) { options.process_at(t); });
  reader.seconds("process_in_seconds", [&](Duration d) { options.process_in(d); });
  reader.time("expires_at", [&](TimePoint t) { options.expires_at(t); });
  reader.seconds("expires_in_seconds", [&](Duration d) { options.expires_in(d); });
  reader.seconds("retention_seconds", [&](Duration d) { options.retention(d); });
  reader.seconds("unique_seconds", [&](Duration d) { options.unique(d, unique_key); });
  if (!reader.error_) return reader.error_.error();
  if (Status headers = read_headers(body, options); !headers) return headers.error();
  return options;
}

http::Response created(Site& site, Call& call, const TaskInfo& task) {
  call.count = 1;
  return json_response(task_page(task, site.config.text, site.clock.now(), false), 201);
}

Result<http::Response> enqueue(Site& site, Call& call) {
  const auto body = Body::parse(call.request, {"type", "payload", "payload_json", "payload_base64", "id", "max_retry", "timeout_seconds",
                                               "deadline", "process_at", "process_in_seconds", "expires_at", "expires_in_seconds",
                                               "retention_seconds", "unique_seconds", "unique_key", "group", "headers"});
  if (!body) return body.error();
  const auto type = body->text("type");
  if (!type) return type.error();
  const auto payload = payload_of(*body);
  if (!payload) return payload.error();
  const auto options = options_of(*body, call.queue());
  if (!options) return options.error();
  const auto task = site.client.enqueue(Task(*type, *payload, *options));
  if (!task) return task.error();
  return created(site, call, *task);
}

Result<http::Response> trigger(Site& site, Call& call) {
  const auto entries = site.inspector.scheduler_entries();
  if (!entries) return entries.error();
  for (const SchedulerEntry& entry : *entries) {
    if (entry.id != call.id()) continue;
    if (entry.task_type == kFactoryTaskType) {
      return Error(ErrorCode::kFailedPrecondition, "entry '" + entry.id + "': its tasks are made by code of the scheduler, not by what is stored");
    }
    const auto task = site.client.enqueue(Task(entry.task_type, entry.payload, core::parse_options(entry.options)));
    if (!task) return task.error();
    return created(site, call, *task);
  }
  return Error(ErrorCode::kTaskNotFound, "no scheduler that runs has an entry '" + call.id() + "'");
}

}  // namespace

void add_enqueue_routes(Api& api, Site& site) {
  api.change("POST", "/api/queues/{queue}/tasks", Style::kOwn, "enqueue", [&site](Call& call) { return enqueue(site, call); });
  api.change("POST", "/api/scheduler_entries/{id}:run", Style::kOwn, "trigger", [&site](Call& call) { return trigger(site, call); });
}

}  // namespace windlass::web
