#include <windlass/inspector.hpp>

#include <utility>

#include "broker/broker.hpp"

namespace windlass {
namespace {

using broker::ActionOutcome;
using broker::TaskAction;

std::string named(const std::string& queue, const std::string& id) { return "task " + id + " in queue '" + queue + "'"; }

broker::TaskFilter filter_of(const TaskQuery& query) {
  return {.queue = query.queue, .state = query.state, .group = query.group, .id_prefix = query.id_prefix, .type = query.type};
}

std::string_view verb(TaskAction action) {
  switch (action) {
    case TaskAction::kRun: return "run";
    case TaskAction::kArchive: return "archive";
    case TaskAction::kDelete: return "delete";
  }
  return "act on";
}

Status status_of(ActionOutcome outcome, TaskAction action, const std::string& where) {
  switch (outcome) {
    case ActionOutcome::kApplied: return {};
    case ActionOutcome::kNotFound: return Error(ErrorCode::kTaskNotFound, where + ": there is none");
    case ActionOutcome::kAlready:
      return Error(ErrorCode::kFailedPrecondition,
                   where + (action == TaskAction::kRun ? ": it is pending already" : ": it is archived already"));
    case ActionOutcome::kActive:
      return Error(ErrorCode::kFailedPrecondition, where + ": it is active, a server runs it: cancel it instead");
    case ActionOutcome::kWrongState: break;
  }
  return Error(ErrorCode::kFailedPrecondition, where + ": not possible in the state it is in");
}

Status act(broker::Broker& broker, const std::string& queue, const std::string& id, TaskAction action) {
  const std::string where = std::string(verb(action)) + " " + named(queue, id);
  const broker::TaskRef ref{queue, id};
  const auto outcomes = broker.act({&ref, 1}, action);
  if (!outcomes) return outcomes.error().at(where);
  return status_of(outcomes->front(), action, where);
}

Result<std::size_t> act_on_all(broker::Broker& broker, const TaskQuery& query, TaskAction action,
                               const Inspector::BulkProgress& progress) {
  broker::BulkRequest request{.filter = filter_of(query), .action = action};
  std::size_t applied = 0;
  do {
    auto chunk = broker.bulk(request);
    if (!chunk) return chunk.error().at(std::string(verb(action)) + " all in queue '" + query.queue + "'");
    applied += chunk->applied;
    request.cursor = std::move(chunk->next);
    if (progress && !progress(applied)) break;
  } while (!request.cursor.empty());
  return applied;
}

template <class T>
Result<T> at(Result<T> result, const std::string& where) {
  if (!result.ok()) return result.error().at(where);
  return result;
}

}  // namespace

Inspector::Inspector(BrokerPtr broker) : broker_(std::move(broker)) {}
Inspector::~Inspector() = default;
Inspector::Inspector(Inspector&&) noexcept = default;
Inspector& Inspector::operator=(Inspector&&) noexcept = default;

Result<std::vector<std::string>> Inspector::queues() const { return at(broker_->queues(), "list queues"); }

Result<QueueInfo> Inspector::queue(const std::string& queue) const {
  return at(broker_->queue_info(queue), "queue '" + queue + "'");
}

Result<std::vector<DailyStats>> Inspector::history(const std::string& queue, int days) const {
  return at(broker_->history(queue, days), "history of queue '" + queue + "'");
}

Result<std::vector<GroupInfo>> Inspector::groups(const std::string& queue) const {
  return at(broker_->groups(queue), "groups of queue '" + queue + "'");
}

Status Inspector::pause_queue(const std::string& queue) const {
  return at(broker_->pause(queue), "pause queue '" + queue + "'");
}

Status Inspector::resume_queue(const std::string& queue) const {
  return at(broker_->resume(queue), "resume queue '" + queue + "'");
}

Status Inspector::remove_queue(const std::string& queue, bool force) const {
  return at(broker_->remove_queue(queue, force), "remove queue '" + queue + "'");
}

Result<TaskInfo> Inspector::task(const std::string& queue, const std::string& id) const {
  return at(broker_->task({queue, id}), named(queue, id));
}

Result<TaskPage> Inspector::list(const TaskQuery& query, std::size_t limit, const std::string& cursor) const {
  return at(broker_->list({.filter = filter_of(query), .cursor = cursor, .limit = limit}),
            "list " + std::string(task_state_name(query.state)) + " tasks of queue '" + query.queue + "'");
}

Status Inspector::run_task(const std::string& queue, const std::string& id) const {
  return act(*broker_, queue, id, TaskAction::kRun);
}

Status Inspector::archive_task(const std::string& queue, const std::string& id) const {
  return act(*broker_, queue, id, TaskAction::kArchive);
}

Status Inspector::delete_task(const std::string& queue, const std::string& id) const {
  return act(*broker_, queue, id, TaskAction::kDelete);
}

Status Inspector::update_payload(const std::string& queue, const std::string& id, const Payload& payload) const {
  return at(broker_->update_payload({queue, id}, payload), "update payload of " + named(queue, id));
}

Status Inspector::cancel(const std::string& queue, const std::string& id, Cancel how) const {
  const std::string where = "cancel " + named(queue, id);
  const auto info = broker_->task({queue, id});
  if (!info) return info.error().at(where);
  if (info->state != TaskState::kActive) {
    return Error(ErrorCode::kFailedPrecondition,
                 where + ": it is " + std::string(task_state_name(info->state)) + ", not active: delete or archive it instead");
  }
  const broker::CancelRequest request{.task = {queue, id}, .for_good = how == Cancel::kForGood};
  return at(broker_->cancel({&request, 1}), where);
}

Result<std::size_t> Inspector::run_all(const TaskQuery& query, const BulkProgress& progress) const {
  return act_on_all(*broker_, query, TaskAction::kRun, progress);
}

Result<std::size_t> Inspector::archive_all(const TaskQuery& query, const BulkProgress& progress) const {
  return act_on_all(*broker_, query, TaskAction::kArchive, progress);
}

Result<std::size_t> Inspector::delete_all(const TaskQuery& query, const BulkProgress& progress) const {
  return act_on_all(*broker_, query, TaskAction::kDelete, progress);
}

Result<std::size_t> Inspector::cancel_all(const TaskQuery& query, Cancel how) const {
  const std::string where = "cancel all in queue '" + query.queue + "'";
  broker::ListRequest request{.filter = filter_of(query), .limit = 250, .payload_max = 0};
  request.filter.state = TaskState::kActive;
  std::size_t asked = 0;
  do {
    auto page = broker_->list(request);
    if (!page) return page.error().at(where);
    std::vector<broker::CancelRequest> requests;
    for (TaskInfo& t : page->tasks) requests.push_back({{t.queue, t.id}, how == Cancel::kForGood});
    if (const Status sent = broker_->cancel(requests); !sent) return sent.error().at(where);
    asked += requests.size();
    request.cursor = std::move(page->next);
  } while (!request.cursor.empty());
  return asked;
}

Result<std::vector<ServerInfo>> Inspector::servers() const { return at(broker_->servers(), "list servers"); }

Result<std::vector<SchedulerEntry>> Inspector::scheduler_entries() const {
  return at(broker_->scheduler_entries(), "list scheduler entries");
}

Result<std::vector<SchedulerEvent>> Inspector::scheduler_events(const std::string& entry, std::size_t limit) const {
  return at(broker_->scheduler_events(entry, limit), "events of scheduler entry '" + entry + "'");
}

Result<std::vector<std::pair<std::string, std::string>>> Inspector::describe() const {
  return at(broker_->describe(), "describe the store");
}

}  // namespace windlass
