// Many tasks at once: all of a state, or those whose ids are in the body.
#include "broker/broker.hpp"
#include "web/api.hpp"
#include "web/body.hpp"
#include "web/fields.hpp"
#include "web/pages.hpp"

namespace windlass::web {
namespace {

using broker::ActionOutcome;
using broker::TaskAction;

constexpr std::size_t kIdsBodyMax = 1'000'000;  // bytes, as in asynqmon

struct Verb {
  TaskAction action;
  const char* name;       // in the path: run_all, batch_run
  const char* all_field;  // of the answer of _all
  const char* done_field, *failed_field;  // of the answer of batch_
  const char* method;     // of _all
};
constexpr Verb kVerbs[] = {
    {TaskAction::kDelete, "delete", "deleted", "deleted_ids", "failed_ids", "DELETE"},
    {TaskAction::kRun, "run", "scheduled", "pending_ids", "error_ids", "POST"},
    {TaskAction::kArchive, "archive", "archived", "archived_ids", "error_ids", "POST"},
};

std::string group_of(const Call& call) {
  const auto found = call.request.parameters.find("group");
  return found == call.request.parameters.end() ? std::string() : found->second;
}

TaskQuery query_of(const Call& call, TaskState state) {
  const broker::TaskFilter filter = filter_of(call.request, call.queue(), state, group_of(call));
  return {filter.queue, filter.state, filter.group, filter.id_prefix, filter.type};
}

Result<http::Response> act_on_all(Site& site, Call& call, TaskState state, const Verb& verb) {
  const TaskQuery query = query_of(call, state);
  const auto count = verb.action == TaskAction::kRun       ? site.inspector.run_all(query)
                     : verb.action == TaskAction::kArchive ? site.inspector.archive_all(query)
                                                           : site.inspector.delete_all(query);
  if (!count) return count.error();
  call.count = *count;
  return json_response(Fields().add(verb.all_field, *count).done());
}

Result<std::vector<std::string>> read_ids(const Call& call) {
  if (call.request.body.size() > kIdsBodyMax) {
    return Error(ErrorCode::kResourceExhausted, "the body may have at most " + std::to_string(kIdsBodyMax) + " bytes");
  }
  const auto body = Body::parse(call.request, {"task_ids"});
  if (!body) return body.error();
  return body->texts("task_ids");
}

http::Response ids_response(Call& call, const std::vector<std::string>& ids, const std::vector<bool>& applied, const char* done_field,
                            const char* failed_field) {
  codec::Value::Array done, failed;
  for (std::size_t i = 0; i < ids.size(); ++i) (applied[i] ? done : failed).emplace_back(ids[i]);
  call.count = done.size();
  return json_response(Fields().add(done_field, std::move(done)).add(failed_field, std::move(failed)).done());
}

Result<http::Response> act_on_ids(Site& site, Call& call, const Verb& verb) {
  const auto ids = read_ids(call);
  if (!ids) return ids.error();
  std::vector<broker::TaskRef> refs;
  for (const std::string& id : *ids) refs.push_back({call.queue(), id});
  const auto outcomes = site.broker->act(refs, verb.action);
  if (!outcomes) return outcomes.error();
  std::vector<bool> applied;
  for (const ActionOutcome outcome : *outcomes) applied.push_back(outcome == ActionOutcome::kApplied);
  return ids_response(call, *ids, applied, verb.done_field, verb.failed_field);
}

Result<http::Response> cancel_ids(Site& site, Call& call) {
  const auto ids = read_ids(call);
  if (!ids) return ids.error();
  std::vector<bool> applied;
  for (const std::string& id : *ids) applied.push_back(site.inspector.cancel(call.queue(), id).ok());
  return ids_response(call, *ids, applied, "canceled_ids", "error_ids");
}

Result<http::Response> cancel_all(Site& site, Call& call) {
  const auto count = site.inspector.cancel_all(query_of(call, TaskState::kActive));
  if (!count) return count.error();
  call.count = *count;
  return http::Response(204);
}

void add_verb(Api& api, Site& site, const std::string& pattern, TaskState state, const Verb& verb) {
  api.change(verb.method, pattern + ":" + verb.name + "_all", Style::kAsynqmon, std::string(verb.name) + "_all",
             [&site, state, &verb](Call& call) { return act_on_all(site, call, state, verb); });
  api.change("POST", pattern + ":batch_" + verb.name, Style::kAsynqmon, verb.name,
             [&site, &verb](Call& call) { return act_on_ids(site, call, verb); });
}

}  // namespace

void add_bulk_routes(Api& api, Site& site) {
  for (const TaskState state : {TaskState::kPending, TaskState::kScheduled, TaskState::kRetry, TaskState::kArchived, TaskState::kCompleted,
                                TaskState::kAggregating}) {
    const bool grouped = state == TaskState::kAggregating;
    const std::string pattern =
        std::string("/api/queues/{queue}/") + (grouped ? "groups/{group}/" : "") + std::string(task_state_name(state)) + "_tasks";
    for (const Verb& verb : kVerbs) {
      const bool pointless = (verb.action == TaskAction::kRun && state == TaskState::kPending) ||
                             (verb.action == TaskAction::kArchive && (state == TaskState::kArchived || state == TaskState::kCompleted));
      if (!pointless) add_verb(api, site, pattern, state, verb);
    }
  }
  api.change("POST", "/api/queues/{queue}/active_tasks:cancel_all", Style::kAsynqmon, "cancel_all",
             [&site](Call& call) { return cancel_all(site, call); });
  api.change("POST", "/api/queues/{queue}/active_tasks:batch_cancel", Style::kAsynqmon, "cancel",
             [&site](Call& call) { return cancel_ids(site, call); });
}

}  // namespace windlass::web
