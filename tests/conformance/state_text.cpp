#include "conformance/state_text.hpp"

#include <algorithm>
#include <iterator>
#include <sstream>
#include <stdexcept>

#include "support/fake_clock.hpp"

namespace windlass::conformance {
namespace {

// As seconds since the start of the fake clock.
std::string show(TimePoint t) {
  if (t == kNoTime) return "-";
  const Duration since = t - testing::FakeClock::kStart;
  std::ostringstream out;
  out << since.count() / 1'000'000'000 << '.' << since.count() % 1'000'000'000;
  return out.str();
}

std::string show(const Payload& payload) { return payload.present() ? "'" + payload.bytes() + "'" : "none"; }

std::string show(const std::optional<std::string>& text) { return text ? "'" + *text + "'" : "none"; }

std::string show(const Headers& headers) {
  std::string text;
  for (const auto& [key, value] : headers) text += key + "=" + value + ";";
  return text;
}

template <class T>
T get(Result<T> result) {
  if (!result.ok()) throw std::runtime_error(error_text(result.error()) + ": " + result.error().message());
  return std::move(*result);
}

void observe_numbers(const QueueInfo& q, std::ostream& out) {
  out << "queue " << q.queue << (q.paused ? " paused" : "") << " size " << q.size << " = pending " << q.pending
      << " + active " << q.active << " + scheduled " << q.scheduled << " + retry " << q.retry << " + archived "
      << q.archived << " + completed " << q.completed << " + aggregating " << q.aggregating << "; groups " << q.groups
      << ", latency " << q.latency.count() << ", today " << q.processed << '/' << q.failed << '/' << q.expired
      << ", total " << q.processed_total << '/' << q.failed_total << '/' << q.expired_total << '\n';
}

void observe_queue(broker::Broker& broker, const std::string& queue, std::size_t page, std::ostream& out) {
  observe_numbers(get(broker.queue_info(queue)), out);
  for (const DailyStats& day : get(broker.history(queue, 3))) {
    out << "  day " << day.date << ' ' << day.processed << '/' << day.failed << '/' << day.expired << '\n';
  }
  for (const GroupInfo& group : get(broker.groups(queue))) {
    out << "  group " << group.group << ' ' << group.size << '\n';
  }
  for (int i = 1; i <= kTaskStateCount; ++i) {
    const broker::TaskFilter filter{.queue = queue, .state = static_cast<TaskState>(i)};
    for (const TaskInfo& task : read_all(broker, filter, page)) out << "  " << to_text(task) << '\n';
  }
}

void observe_entries(broker::Broker& broker, const std::vector<std::string>& entries, std::ostream& out) {
  const auto last = get(broker.last_ticks(entries));
  for (std::size_t i = 0; i < entries.size(); ++i) {
    out << "entry " << entries[i] << " last " << show(last[i].value_or(kNoTime)) << '\n';
    for (const SchedulerEvent& event : get(broker.scheduler_events(entries[i], 10))) {
      out << "  tick " << show(event.tick) << " task " << event.task_id << " at " << show(event.enqueued_at) << '\n';
    }
  }
}

}  // namespace

std::string to_text(const core::TaskMessage& m) {
  std::ostringstream out;
  out << m.queue << '/' << m.id << " type " << m.type << " payload " << show(m.payload) << " headers "
      << show(m.headers) << " retried " << m.retried << '/' << m.max_retry << " timeout " << m.timeout.count()
      << " deadline " << show(m.deadline) << " retention " << m.retention.count() << " unique " << m.unique_key
      << " group " << m.group << " error '" << m.error_msg << "' failed_at " << show(m.last_failed_at) << " expires "
      << show(m.expires_at) << " nominal " << show(m.scheduled_at) << " enqueued " << show(m.enqueued_at);
  return out.str();
}

std::string to_text(const TaskInfo& t) {
  std::ostringstream out;
  out << task_state_name(t.state) << ' ' << t.queue << '/' << t.id << " type " << t.type << " payload "
      << show(t.payload) << " headers " << show(t.headers) << " retried " << t.retried << '/' << t.max_retry
      << " crashes " << t.crashes << " failure " << failure_kind_name(t.failure.kind) << " '" << t.failure.message
      << "' code " << t.failure.exit_code << " signal " << t.failure.signal << " detail '" << t.failure.detail
      << "' failed_at " << show(t.last_failed_at) << " timeout " << t.timeout.count() << " deadline "
      << show(t.deadline) << " expires " << show(t.expires_at) << " retention " << t.retention.count() << " group "
      << t.group << " unique " << t.unique_key << " enqueued " << show(t.enqueued_at) << " nominal "
      << show(t.scheduled_at) << " next " << show(t.next_process_at) << " started " << show(t.started_at)
      << " completed " << show(t.completed_at) << " archived " << show(t.archived_at) << " delete " << show(t.delete_at)
      << " result " << show(t.result) << " owner '" << t.owner << "' orphaned " << t.orphaned;
  if (t.progress) out << " progress " << t.progress->percent << " '" << t.progress->text << "'";
  return out.str();
}

std::string to_text(const broker::EnqueueOutcome& outcome) {
  switch (outcome.status) {
    case broker::EnqueueStatus::kEnqueued: return std::string(task_state_name(outcome.state));
    case broker::EnqueueStatus::kDuplicate: return "duplicate of " + outcome.holder;
    case broker::EnqueueStatus::kIdConflict: return "id conflict";
    case broker::EnqueueStatus::kNotDurable: return "not durable: " + outcome.unmet;
    case broker::EnqueueStatus::kTickTaken: return "tick taken";
    case broker::EnqueueStatus::kTickSkipped: return "tick skipped";
  }
  return "?";
}

std::string to_text(const broker::FetchedTask& task) {
  return to_text(task.message) + " crashes " + std::to_string(task.crashes);
}

std::string to_text(const broker::RecoveredTask& task) {
  return task.task.queue + "/" + task.task.id + " of " + task.owner + " crashes " + std::to_string(task.crashes) +
         (task.archived ? " archived" : "");
}

std::string to_text(const broker::ForwardResult& result) {
  return std::to_string(result.moved) + " moved, next " + show(result.next_due.value_or(kNoTime));
}

std::string to_text(const broker::CleanResult& result) {
  return std::to_string(result.completed) + " completed, " + std::to_string(result.archived) + " archived, more " +
         to_text(result.more);
}

std::string to_text(const std::optional<broker::AggregationSet>& set) {
  if (!set) return "none";
  return set->queue + "/" + set->group + " until " + show(set->deadline) + ": " + to_text(set->tasks);
}

std::string to_text(broker::FinishOutcome outcome) {
  return outcome == broker::FinishOutcome::kApplied ? "applied" : "lost";
}

std::string to_text(broker::ActionOutcome outcome) {
  static constexpr const char* kNames[] = {"applied", "not found", "already", "active", "wrong state"};
  return kNames[static_cast<std::size_t>(outcome)];
}

std::string to_text(bool value) { return value ? "yes" : "no"; }

std::string error_text(const Error& error) { return "error " + std::string(error_code_name(error.code())); }

std::string to_text(const Status& status) { return status.ok() ? "ok" : error_text(status.error()); }

std::vector<TaskInfo> read_all(broker::Broker& broker, const broker::TaskFilter& filter, std::size_t page) {
  std::vector<TaskInfo> all;
  broker::ListRequest request{.filter = filter, .limit = page};
  do {
    TaskPage got = get(broker.list(request));
    std::ranges::move(got.tasks, std::back_inserter(all));
    request.cursor = got.next;
  } while (!request.cursor.empty());
  return all;
}

std::string observe(broker::Broker& broker, const std::vector<std::string>& entries, std::size_t page) {
  std::ostringstream out;
  for (const std::string& queue : get(broker.queues())) observe_queue(broker, queue, page, out);
  observe_entries(broker, entries, out);
  return out.str();
}

}  // namespace windlass::conformance
