// Handing tasks out and taking their outcomes.
#include <algorithm>
#include <numeric>
#include <tuple>

#include "broker/sqlite/operations.hpp"
#include "broker/sqlite/row_codec.hpp"
#include "broker/sqlite/task_row.hpp"
#include "core/time_math.hpp"

namespace windlass::broker {

namespace {

// ------------------------------------------------------------------------------------------------------------- fetch

struct Source {
  QueueRow* queue = nullptr;
  std::size_t share = 0;
  std::size_t left = 0;   // pending tasks not given out yet
};

// A run of tasks to take from one queue.
struct Portion {
  QueueRow* queue = nullptr;
  std::size_t take = 0;
};

std::vector<Source> open_sources(Session& session, const FetchRequest& request) {
  std::vector<Source> sources;
  for (const QueueShare& wanted : request.queues) {
    QueueRow* const queue = session.find_queue(wanted.queue);
    if (queue == nullptr || queue->paused || std::ranges::find(sources, queue, &Source::queue) != sources.end()) continue;
    const std::int64_t pending = queue->count(TaskState::kPending);
    if (pending > 0) sources.push_back({queue, wanted.share, static_cast<std::size_t>(pending)});
  }
  return sources;
}

// First each queue its share, then the rest in order.
std::vector<Portion> divide(std::vector<Source> sources, std::size_t max) {
  std::vector<Portion> portions;
  for (const bool within_share : {true, false}) {
    for (Source& source : sources) {
      const std::size_t wanted = within_share ? std::min(source.share, source.left) : source.left;
      const std::size_t take = std::min(wanted, max);
      source.left -= take;
      max -= take;
      if (take == 0) continue;
      if (!portions.empty() && portions.back().queue == source.queue) {
        portions.back().take += take;
      } else {
        portions.push_back({source.queue, take});
      }
    }
  }
  return portions;
}

// Appends the tasks to `fetched`; returns their rows.
std::vector<TaskRow> pick(Session& session, const Portion& portion, std::vector<FetchedTask>& fetched, std::int64_t fence) {
  std::vector<TaskRow> rows;
  rows.reserve(portion.take);
  auto row = session.run(Sql::kFetchSelect, portion.queue->id, static_cast<std::int64_t>(portion.take));
  while (row.next()) {
    rows.push_back(read_task(row));
    const TaskRow& task = rows.back();
    const LeaseToken token{static_cast<std::uint64_t>(task.seq), static_cast<std::uint64_t>(fence)};
    fetched.push_back({read_message(session, task, portion.queue->name, row, kTaskColumns), token,
                       static_cast<int>(task.crashes)});
  }
  return rows;
}

// What an earlier run reported of its progress says nothing about the next one.
void drop_progress(Session& session, const std::vector<TaskRow>& rows) {
  for (const TaskRow& task : rows) {
    if ((task.flags & kHasProgress) == 0) continue;
    session.execute(Sql::kProgressDrop, task.seq);
    session.execute(Sql::kSetFlags, task.seq, task.flags & ~kHasProgress);
  }
}

void fetch_portion(Session& session, const Portion& portion, std::int64_t fence, std::int64_t owner, std::int64_t lease_end,
                   std::vector<FetchedTask>& fetched) {
  QueueRow& queue = *portion.queue;
  const std::vector<TaskRow> rows = pick(session, portion, fetched, fence);
  if (rows.empty()) return;
  const std::int64_t first = rows.front().ord;
  const std::int64_t last = rows.back().ord;
  session.execute(Sql::kFetchTake, queue.id, last, queue.turn - first, session.now_ns(), fence, owner, lease_end);
  queue.turn += last - first + 1;
  const auto n = static_cast<std::int64_t>(rows.size());
  queue.count(TaskState::kPending) -= n;
  queue.count(TaskState::kActive) += n;
  queue.changed = true;
  drop_progress(session, rows);
}

// ------------------------------------------------------------------------------------------------------------ finish

// From so many on, two searches over a run of rows cost less than two for each.
constexpr std::size_t kRunMin = 4;

void count_run(QueueRow& queue, bool failed) {
  ++queue.new_processed;
  if (failed) ++queue.new_failed;
  queue.changed = true;
}

void count_expired(QueueRow& queue) {
  ++queue.new_expired;
  queue.changed = true;
}

// Most tasks: nothing of them stands in side tables, so two deletes by row number are all. False if it is not so simple,
// or the lease is lost.
bool finish_plain(Session& session, QueueRow& queue, const LeaseToken& token) {
  const auto seq = static_cast<std::int64_t>(token.row);
  if (session.execute(Sql::kTaskFinishPlain, seq, static_cast<std::int64_t>(token.attempt), queue.id) == 0) return false;
  session.execute(Sql::kBodyDelete, seq);
  --queue.count(TaskState::kActive);
  count_run(queue, false);
  return true;
}

// The same of `size` tasks whose rows stand one behind the other: together they cost less. False if it is not so simple with
// any of them; then nothing was done.
bool finish_plain_run(Session& session, QueueRow& queue, const LeaseToken& first_token, std::size_t size) {
  const auto n = static_cast<std::int64_t>(size);
  const auto first = static_cast<std::int64_t>(first_token.row);
  const std::int64_t last = first + n - 1;
  const auto fence = static_cast<std::int64_t>(first_token.attempt);
  {
    auto row = session.run(Sql::kTasksCountPlain, first, last, fence, queue.id);
    if (!row.next() || row.integer(0) != n) return false;
  }
  session.execute(Sql::kTasksFinishPlain, first, last, fence, queue.id);
  session.execute(Sql::kBodiesDelete, first, last);
  queue.count(TaskState::kActive) -= n;
  queue.new_processed += n;
  queue.changed = true;
  return true;
}

Duration retention_of(Session& session, const TaskRow& task) {
  auto row = session.run(Sql::kBodyRetention, task.seq);
  return row.next() ? Duration(row.integer(0)) : Duration::zero();
}

void complete(Session& session, QueueRow& queue, TaskRow& task) {
  count_run(queue, false);
  release_lock(session, task);
  move_to_completed(session, queue, task, retention_of(session, task));
}

void retry(Session& session, QueueRow& queue, TaskRow& task, const Finish& item) {
  save_failure(session, task, item.failure, session.now());
  if (item.charged) {
    ++task.retried;
    count_run(queue, true);
  }
  move_to_due(session, queue, task, TaskState::kRetry, item.at);
}

void archive(Session& session, QueueRow& queue, TaskRow& task, const Failure& failure) {
  save_failure(session, task, failure, session.now());
  if (failure.kind == FailureKind::kExpired) {
    count_expired(queue);
  } else {
    count_run(queue, true);
  }
  move_to_archived(session, queue, task);
}

bool keeps_result(FinishKind kind) {
  return kind == FinishKind::kComplete || kind == FinishKind::kRetry || kind == FinishKind::kArchive;
}

void apply(Session& session, QueueRow& queue, TaskRow& task, const Finish& item) {
  if (item.result && keeps_result(item.kind)) save_result(session, task, *item.result);
  if (item.crashed) ++task.crashes;
  switch (item.kind) {
    case FinishKind::kDone:
      count_run(queue, false);
      return remove_task(session, queue, task);
    case FinishKind::kComplete: return complete(session, queue, task);
    case FinishKind::kRetry: return retry(session, queue, task, item);
    case FinishKind::kArchive: return archive(session, queue, task, item.failure);
    case FinishKind::kSnooze: return move_to_due(session, queue, task, TaskState::kScheduled, item.at);
    case FinishKind::kRequeue: return move_to_front(session, queue, task);
    case FinishKind::kDiscard:
      count_expired(queue);
      return remove_task(session, queue, task);
  }
}

FinishOutcome finish_task(Session& session, const Finish& item) {
  QueueRow* const queue = session.find_queue(item.lease.task.queue);
  if (queue == nullptr) return FinishOutcome::kLeaseLost;
  if (item.kind == FinishKind::kDone && finish_plain(session, *queue, item.lease.token)) return FinishOutcome::kApplied;
  std::optional<TaskRow> task = find_leased(session, *queue, item.lease.token);
  if (!task) return FinishOutcome::kLeaseLost;
  apply(session, *queue, *task, item);
  return FinishOutcome::kApplied;
}

// How many items at the front are done tasks of one queue.
std::size_t done_ahead(std::span<const Finish> items) {
  const auto other = std::ranges::find_if(items, [&](const Finish& item) {
    return item.kind != FinishKind::kDone || item.lease.task.queue != items.front().lease.task.queue;
  });
  return static_cast<std::size_t>(other - items.begin());
}

// Whether `b` stands right behind `a` in the table, and came with the same fetch.
bool follows(const LeaseToken& a, const LeaseToken& b) { return a.attempt == b.attempt && a.row + 1 == b.row; }

// `run`: which of the items, in the order of their rows without a gap, from one fetch.
void finish_run(Session& session, std::span<const Finish> items, std::span<const std::size_t> run,
                std::span<FinishOutcome> outcomes) {
  const LeaseRef& first = items[run.front()].lease;
  if (run.size() >= kRunMin) {
    QueueRow* const queue = session.find_queue(first.task.queue);
    if (queue != nullptr && finish_plain_run(session, *queue, first.token, run.size())) return;
  }
  for (const std::size_t i : run) outcomes[i] = finish_task(session, items[i]);
}

// Done tasks of one queue, in the order of their rows, which is as good as any: the runs of rows among them are done together.
void finish_done(Session& session, std::span<const Finish> items, std::span<FinishOutcome> outcomes) {
  std::vector<std::size_t> order(items.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  const auto token = [&](std::size_t i) -> const LeaseToken& { return items[i].lease.token; };
  std::ranges::sort(order, {}, [&](std::size_t i) { return std::tuple(token(i).attempt, token(i).row, i); });
  for (auto first = order.begin(); first != order.end();) {
    const auto end = std::ranges::adjacent_find(first, order.end(), [&](std::size_t a, std::size_t b) {
      return !follows(token(a), token(b));
    });
    const auto last = end == order.end() ? end : end + 1;
    finish_run(session, items, std::span(first, last), outcomes);
    first = last;
  }
}

}  // namespace

bool has_pending(Session& session, const FetchRequest& request) {
  return std::ranges::any_of(request.queues, [&](const QueueShare& wanted) {
    return session.run(Sql::kHasPending, wanted.queue).next();
  });
}

std::vector<FetchedTask> fetch_tasks(Session& session, const FetchRequest& request, std::int64_t fence) {
  std::vector<FetchedTask> fetched;
  const std::vector<Portion> portions = divide(open_sources(session, request), request.max);
  if (portions.empty()) return fetched;
  const std::int64_t owner = session.owner_id(request.owner);
  const std::int64_t lease_end = core::saturated_sum(Duration(session.steady_ns()), request.lease).count();
  for (const Portion& portion : portions) {
    fetch_portion(session, portion, fence, owner, lease_end, fetched);
  }
  return fetched;
}

std::vector<FinishOutcome> finish_tasks(Session& session, std::span<const Finish> items) {
  std::vector<FinishOutcome> outcomes(items.size(), FinishOutcome::kApplied);
  for (std::size_t i = 0; i < items.size();) {
    const std::size_t n = done_ahead(items.subspan(i));
    if (n > 0) {
      finish_done(session, items.subspan(i, n), std::span(outcomes).subspan(i, n));
    } else {
      outcomes[i] = finish_task(session, items[i]);
    }
    i += std::max<std::size_t>(n, 1);
  }
  return outcomes;
}

std::vector<bool> extend_leases(Session& session, std::span<const LeaseRef> leases, Duration lease) {
  std::vector<bool> extended;
  extended.reserve(leases.size());
  const std::int64_t end = core::saturated_sum(Duration(session.steady_ns()), lease).count();
  for (const LeaseRef& ref : leases) {
    const QueueRow* const queue = session.find_queue(ref.task.queue);
    extended.push_back(queue != nullptr &&
                       session.execute(Sql::kExtend, static_cast<std::int64_t>(ref.token.row),
                                       static_cast<std::int64_t>(ref.token.attempt), queue->id, end) == 1);
  }
  return extended;
}

void update_tasks(Session& session, std::span<const TaskUpdate> updates) {
  for (const TaskUpdate& update : updates) {
    const QueueRow* const queue = session.find_queue(update.lease.task.queue);
    std::optional<TaskRow> task = queue != nullptr ? find_leased(session, *queue, update.lease.token) : std::nullopt;
    if (!task) continue;
    const std::int64_t before = task->flags;
    if (update.result) save_result(session, *task, *update.result);
    if (update.progress) {
      session.execute(Sql::kProgressSave, task->seq, update.progress->percent, update.progress->text);
      task->flags |= kHasProgress;
    }
    if (task->flags != before) session.execute(Sql::kSetFlags, task->seq, task->flags);
  }
}

}  // namespace windlass::broker
