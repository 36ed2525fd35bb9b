#include "dash/reader.hpp"

#include <utility>

#include "output.hpp"
#include "queues.hpp"

namespace windlass::app::dash {
namespace {

bool is_missing(const Error& error) {
  return error.code() == ErrorCode::kQueueNotFound || error.code() == ErrorCode::kTaskNotFound;
}

// Puts what was read into `into`, or says in `error` why it was not.
template <class T, class Into>
void take_in(Result<T> result, Into& into, std::string& error) {
  if (result)
    into = *std::move(result);
  else if (!is_missing(result.error()))
    error = result.error().message();
}

void read_tasks(const Inspector& inspector, const Query& query, Snapshot& into) {
  Result<QueueInfo> queue = inspector.queue(query.queue);
  if (queue)
    into.queues.push_back(*std::move(queue));
  else if (!is_missing(queue.error()))
    into.error = queue.error().message();
  if (query.lists_groups())
    take_in(inspector.groups(query.queue), into.groups, into.error);
  else
    take_in(inspector.list({.queue = query.queue, .state = query.state, .group = query.group.value_or("")}, query.rows,
                           query.cursor),
            into.page, into.error);
}

}  // namespace

Snapshot read_snapshot(const Inspector& inspector, const Query& query, TimePoint now) {
  Snapshot snapshot;
  snapshot.query = query;
  snapshot.read_at = now;
  switch (query.view) {
    case View::kQueues: take_in(read_queues(inspector), snapshot.queues, snapshot.error); break;
    case View::kTasks: read_tasks(inspector, query, snapshot); break;
    case View::kTask: take_in(inspector.task(query.queue, query.task), snapshot.task, snapshot.error); break;
    case View::kServers: take_in(inspector.servers(), snapshot.servers, snapshot.error); break;
    case View::kSchedulers: take_in(inspector.scheduler_entries(), snapshot.entries, snapshot.error); break;
    case View::kHelp: break;
  }
  return snapshot;
}

Status perform(const Inspector& inspector, const Act& act) {
  switch (act.kind) {
    case ActKind::kPause: return inspector.pause_queue(act.queue);
    case ActKind::kResume: return inspector.resume_queue(act.queue);
    case ActKind::kRun: return inspector.run_task(act.queue, act.task);
    case ActKind::kArchive: return inspector.archive_task(act.queue, act.task);
    case ActKind::kDelete: return inspector.delete_task(act.queue, act.task);
    case ActKind::kCancel: return inspector.cancel(act.queue, act.task);
  }
  return {};
}

Reader::Reader(Open open, Duration refresh) : open_(std::move(open)), refresh_(refresh), thread_([this] { run(); }) {}

Reader::~Reader() {
  {
    std::lock_guard lock(mu_);
    stopped_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

void Reader::ask(const Query& query) {
  {
    std::lock_guard lock(mu_);
    query_ = query;
    asked_ = true;
  }
  changed_.notify_all();
}

void Reader::act(const Act& act) {
  {
    std::lock_guard lock(mu_);
    acts_.push_back(act);
  }
  changed_.notify_all();
}

Reader::News Reader::take() {
  std::lock_guard lock(mu_);
  return std::exchange(news_, {});
}

void Reader::look(const std::optional<Inspector>& inspector, const std::string& why_not, const Query& query) {
  Snapshot snapshot;
  if (inspector)
    snapshot = read_snapshot(*inspector, query, now());
  else
    snapshot.error = why_not;
  std::lock_guard lock(mu_);
  news_.snapshot = std::move(snapshot);
}

void Reader::run() {
  std::optional<Inspector> inspector;
  std::string why_not;
  std::unique_lock lock(mu_);
  while (!stopped_) {
    asked_ = false;
    const Query query = query_;
    const std::vector<Act> acts = std::exchange(acts_, {});
    lock.unlock();
    if (!inspector) {
      if (Result<BrokerPtr> broker = open_())
        inspector.emplace(*std::move(broker));
      else
        why_not = broker.error().message();
    }
    std::vector<News::Told> told;
    for (const Act& act : acts) {
      const Status status = inspector ? perform(*inspector, act) : Status(Error(ErrorCode::kUnavailable, why_not));
      told.push_back({status ? act_text(act) + ": done" : status.error().message(), !status.ok()});
    }
    look(inspector, why_not, query);
    lock.lock();
    news_.told.insert(news_.told.end(), told.begin(), told.end());
    changed_.wait_for(lock, refresh_, [&] { return stopped_ || asked_ || !acts_.empty(); });
  }
}

}  // namespace windlass::app::dash
