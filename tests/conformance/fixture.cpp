#include "conformance/fixture.hpp"

namespace windlass::conformance {

Conformance::Conformance() : store_(GetParam().make()), broker_(store_->open(clock_, kTestPayloadMax)) {}

NewTask Conformance::plain(const std::string& id, const std::string& queue) const {
  NewTask task;
  task.message.id = id;
  task.message.queue = queue;
  task.message.type = "t";
  task.message.payload = Payload("payload of " + id);
  task.message.enqueued_at = clock_.now();
  return task;
}

NewTask Conformance::delayed(const std::string& id, Duration delay, const std::string& queue) const {
  NewTask task = plain(id, queue);
  task.process_at = clock_.now() + delay;
  task.message.scheduled_at = task.process_at;
  return task;
}

NewTask Conformance::grouped(const std::string& id, const std::string& group) const {
  NewTask task = plain(id);
  task.message.group = group;
  return task;
}

NewTask Conformance::unique(const std::string& id, Duration ttl, const std::string& key) const {
  NewTask task = plain(id);
  task.message.unique_key = key;
  task.unique_ttl = ttl;
  return task;
}

EnqueueOutcome Conformance::put(const NewTask& task) { return get(broker_->enqueue(std::span(&task, 1))).at(0); }

void Conformance::put_all(const std::vector<std::string>& ids, const std::string& queue) {
  std::vector<NewTask> tasks;
  for (const std::string& id : ids) tasks.push_back(plain(id, queue));
  for (const EnqueueOutcome& outcome : get(broker_->enqueue(tasks))) {
    ASSERT_EQ(outcome.status, EnqueueStatus::kEnqueued);
  }
}

std::vector<FetchedTask> Conformance::fetch(std::size_t max, const std::string& queue, const std::string& owner,
                                            Duration lease) {
  return get(broker_->fetch({.queues = {{queue, max}}, .max = max, .owner = owner, .lease = lease}));
}

FetchedTask Conformance::fetch_one(const std::string& queue, const std::string& owner, Duration lease) {
  std::vector<FetchedTask> tasks = fetch(1, queue, owner, lease);
  if (tasks.size() != 1) throw std::runtime_error("the queue '" + queue + "' had nothing to fetch");
  return tasks[0];
}

FinishOutcome Conformance::finish(const Finish& item) { return get(broker_->finish(std::span(&item, 1))).at(0); }

FinishOutcome Conformance::finish(const FetchedTask& task, FinishKind kind) {
  return finish(Finish{.lease = lease_of(task), .kind = kind, .at = clock_.now()});
}

void Conformance::fail(const FetchedTask& task, Duration retry_in, const std::string& message) {
  ASSERT_EQ(finish(Finish{.lease = lease_of(task),
                          .kind = FinishKind::kRetry,
                          .at = clock_.now() + retry_in,
                          .failure = {FailureKind::kError, message}}),
            FinishOutcome::kApplied);
}

void Conformance::put_in_state(const std::string& id, TaskState state) {
  NewTask task = plain(id);
  if (state == TaskState::kScheduled) task.process_at = clock_.now() + 1h;
  if (state == TaskState::kAggregating) task.message.group = "g";
  if (state == TaskState::kCompleted) task.message.retention = 1h;
  put(task);
  if (state == TaskState::kActive) fetch_one();
  if (state == TaskState::kRetry) fail(fetch_one(), 1h);
  if (state == TaskState::kArchived) finish(fetch_one(), FinishKind::kArchive);
  if (state == TaskState::kCompleted) finish(fetch_one(), FinishKind::kComplete);
  ASSERT_EQ(this->state(id), state);
}

std::size_t Conformance::forward(const std::string& queue) {
  return get(broker_->forward(std::span(&queue, 1), 1000)).moved;
}

TaskInfo Conformance::info(const std::string& id, const std::string& queue) { return get(broker_->task({queue, id})); }

bool Conformance::exists(const std::string& id, const std::string& queue) {
  const Result<TaskInfo> found = broker_->task({queue, id});
  if (!found.ok() && found.error().code() != ErrorCode::kTaskNotFound) get(found);
  return found.ok();
}

std::vector<std::string> Conformance::ids(TaskState state, const std::string& queue) {
  return ids(TaskFilter{.queue = queue, .state = state});
}

std::vector<std::string> Conformance::ids(TaskFilter filter, std::size_t page) {
  std::vector<std::string> found;
  ListRequest request{.filter = std::move(filter), .limit = page};
  do {
    TaskPage got = get(broker_->list(request));
    for (const TaskInfo& task : got.tasks) found.push_back(task.id);
    EXPECT_LE(got.tasks.size(), page);
    request.cursor = got.next;
  } while (!request.cursor.empty());
  return found;
}

ActionOutcome Conformance::act(const std::string& id, TaskAction action, const std::string& queue) {
  const TaskRef ref{queue, id};
  return get(broker_->act(std::span(&ref, 1), action)).at(0);
}

LeaseRef lease_of(const FetchedTask& task) { return {{task.message.queue, task.message.id}, task.token}; }

std::vector<std::string> ids_of(const std::vector<FetchedTask>& tasks) {
  std::vector<std::string> ids;
  for (const FetchedTask& task : tasks) ids.push_back(task.message.id);
  return ids;
}

}  // namespace windlass::conformance
