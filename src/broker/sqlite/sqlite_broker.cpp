#include "broker/sqlite/sqlite_broker.hpp"

#include <sqlite3.h>

#include <atomic>
#include <functional>
#include <utility>

#include "base/mutex.hpp"
#include "base/random.hpp"
#include "broker/sqlite/operations.hpp"
#include "broker/sqlite/readers.hpp"
#include "broker/sqlite/restore.hpp"
#include "broker/sqlite/schema.hpp"
#include "broker/sqlite/waiting.hpp"
#include "broker/sqlite/writer.hpp"
#include "core/message_info.hpp"

namespace windlass::broker {

namespace {

// How many tasks of a removed queue are deleted in one transaction.
constexpr std::size_t kPurgeChunk = 1000;

// Thread-safe.
class SqliteBroker final : public Broker, public SampleStore, public Transfer {
 public:
  SqliteBroker(Database database, const DatabaseOptions& options, base::Clock& clock, std::size_t payload_max)
      : options_(options),
        clock_(clock),
        payload_max_(payload_max),
        writer_(std::move(database), options, clock),
        readers_(std::make_shared<Readers>(options, clock)),
        random_(base::Random::seeded()) {}

  Result<std::vector<EnqueueOutcome>> enqueue(std::span<const NewTask> tasks) override {
    for (const NewTask& task : tasks) {
      if (Status fit = check_new_task(task, payload_max_); !fit) return fit.error();
      const std::string why_not = "the file is opened with durability=" + std::string(durability_name(options_.durability));
      if (Status safe = check_durability(task, options_.durability == Durability::kFull, why_not); !safe) return safe.error();
    }
    return write(Sync::kDurable, tasks.size(), [&](Session& session) { return enqueue_tasks(session, tasks); });
  }

  std::size_t payload_max() const override { return payload_max_; }

  Result<std::vector<FetchedTask>> fetch(const FetchRequest& request) override {
    // After a fetch that found nothing, a look costs less than a transaction; and it leaves the write lock to others.
    if (idle_.load(std::memory_order_relaxed)) {
      const Result<bool> found = readers_->run([&](Session& session) { return Result<bool>(has_pending(session, request)); });
      if (!found) return found.error();
      if (!*found) return std::vector<FetchedTask>();
    }
    const std::int64_t fence = next_fence();
    auto fetched = write(Sync::kNone, request.max, [&](Session& session) { return fetch_tasks(session, request, fence); });
    if (fetched) idle_.store(fetched->empty(), std::memory_order_relaxed);
    return fetched;
  }

  Result<std::vector<FinishOutcome>> finish(std::span<const Finish> items) override {
    return write(Sync::kDurable, items.size(), [&](Session& session) { return finish_tasks(session, items); });
  }

  Result<std::vector<bool>> extend(std::span<const LeaseRef> leases, Duration lease) override {
    return write(Sync::kNone, leases.size(), [&](Session& session) { return extend_leases(session, leases, lease); });
  }

  Status update(std::span<const TaskUpdate> updates) override {
    return change(Sync::kNone, updates.size(), [&](Session& session) { update_tasks(session, updates); });
  }

  Result<ForwardResult> forward(std::span<const std::string> queues, std::size_t max) override {
    const auto next = readers_->run(
        [&](Session& session) { return Result<std::optional<TimePoint>>(next_due(session, queues)); });
    if (!next) return next.error();
    if (!*next || **next > clock_.now() || max == 0) return ForwardResult{0, *next};
    return write(Sync::kNone, max, [&](Session& session) { return forward_tasks(session, queues, max); });
  }

  Result<std::vector<RecoveredTask>> recover(const RecoverRequest& request) override {
    const auto lost = readers_->run([&](Session& session) { return Result<bool>(has_lost(session, request.queues)); });
    if (!lost) return lost.error();
    if (!*lost) return std::vector<RecoveredTask>();
    return write(Sync::kDurable, request.max, [&](Session& session) { return recover_tasks(session, request); });
  }

  Result<CleanResult> clean(const CleanRequest& request) override {
    return write(Sync::kNone, request.max, [&](Session& session) { return clean_queues(session, request); });
  }

  Result<std::optional<AggregationSet>> take_group(const std::string& queue, const AggregationRules& rules,
                                                   Duration hold) override {
    return write(Sync::kNone, rules.max_size,
                 [&](Session& session) { return take_ready_group(session, queue, rules, hold); });
  }

  Result<EnqueueOutcome> finish_group(const AggregationSet& set, const NewTask* aggregate) override {
    if (aggregate != nullptr) {
      if (Status fit = check_new_task(*aggregate, payload_max_); !fit) return fit.error();
    }
    return flatten(write(Sync::kDurable, set.tasks.size(),
                         [&](Session& session) { return finish_set(session, set, aggregate); }));
  }

  Status release_group(const AggregationSet& set) override {
    return change(Sync::kNone, set.tasks.size(), [&](Session& session) { release_set(session, set); });
  }

  std::unique_ptr<Waiter> make_waiter(std::vector<std::string> queues, WaitFor what) override {
    return make_bell_waiter(clock_, writer_.shared_side_file(), queues, what);
  }

  std::unique_ptr<CancelFeed> make_cancel_feed() override {
    const auto readers = readers_;
    const Result<std::int64_t> start =
        readers->run([](Session& session) { return Result<std::int64_t>(last_cancel_request(session)); });
    // Without a start, the first read finds its place and reports that requests may have been missed.
    auto last = std::make_shared<std::int64_t>(start.value_or(0));
    return make_bell_feed(clock_, writer_.shared_side_file(), [readers, last] {
      return readers->run([&](Session& session) { return read_cancel_requests(session, *last); });
    });
  }

  Status keep_alive(const std::string& owner, Duration ttl) override {
    return change(Sync::kNone, 1, [&](Session& session) { keep_owner_alive(session, owner, ttl); });
  }

  Status publish_server(const ServerRecord& record, Duration ttl) override {
    return change(Sync::kNone, 1, [&](Session& session) { save_server(session, record, ttl); });
  }

  Status clear_server(const std::string& owner) override {
    return change(Sync::kNone, 1, [&](Session& session) { drop_server(session, owner); });
  }

  Status publish_scheduler(const SchedulerRecord& record, Duration ttl) override {
    return change(Sync::kNone, record.entries.size(), [&](Session& session) { save_scheduler(session, record, ttl); });
  }

  Status clear_scheduler(const std::string& id) override {
    return change(Sync::kNone, 1, [&](Session& session) { drop_scheduler(session, id); });
  }

  Result<std::vector<std::optional<TimePoint>>> last_ticks(std::span<const std::string> entries) override {
    return read<std::vector<std::optional<TimePoint>>>([&](Session& session) { return read_last_ticks(session, entries); });
  }

  Result<std::vector<std::string>> queues() override {
    return read<std::vector<std::string>>([](Session& session) {
      std::vector<std::string> names;
      for (auto row = session.run(Sql::kQueueNames); row.next();) names.push_back(row.text(0));
      return names;
    });
  }

  Result<QueueInfo> queue_info(const std::string& queue) override {
    return readers_->run([&](Session& session) { return read_queue_info(session, queue); });
  }

  Result<std::vector<DailyStats>> history(const std::string& queue, int days) override {
    return readers_->run([&](Session& session) { return read_history(session, queue, days); });
  }

  Result<std::vector<GroupInfo>> groups(const std::string& queue) override {
    return readers_->run([&](Session& session) { return read_groups(session, queue); });
  }

  Result<TaskInfo> task(const TaskRef& ref) override {
    return readers_->run([&](Session& session) { return read_task_info(session, ref); });
  }

  Result<TaskPage> list(const ListRequest& request) override {
    return readers_->run([&](Session& session) { return list_tasks(session, request); });
  }

  Result<std::vector<ActionOutcome>> act(std::span<const TaskRef> tasks, TaskAction action) override {
    return write(Sync::kDurable, tasks.size(), [&](Session& session) { return act_on_tasks(session, tasks, action); });
  }

  Result<BulkResult> bulk(const BulkRequest& request) override {
    return flatten(write(Sync::kDurable, request.max, [&](Session& session) { return act_in_bulk(session, request); }));
  }

  Status update_payload(const TaskRef& task, const Payload& payload) override {
    if (payload.size() > payload_max_) {
      return Error(ErrorCode::kResourceExhausted, "a payload of " + std::to_string(payload.size()) +
                                                      " bytes is more than the " + std::to_string(payload_max_) +
                                                      " this broker takes");
    }
    return flatten(write(Sync::kDurable, 1, [&](Session& session) { return replace_payload(session, task, payload); }));
  }

  Status cancel(std::span<const CancelRequest> requests) override {
    return change(Sync::kNone, requests.size(), [&](Session& session) { add_cancel_requests(session, requests); });
  }

  Status pause(const std::string& queue) override {
    return flatten(write(Sync::kDurable, 1, [&](Session& session) { return set_paused(session, queue, true); }));
  }

  Status resume(const std::string& queue) override {
    return flatten(write(Sync::kDurable, 1, [&](Session& session) { return set_paused(session, queue, false); }));
  }

  Status remove_queue(const std::string& queue, bool force) override {
    Status detached = flatten(write(Sync::kDurable, 1, [&](Session& session) { return detach_queue(session, queue, force); }));
    if (!detached) return detached;
    // The queue is gone; its tasks follow in pieces. If this fails half-way, recover() goes on with it.
    Result<bool> more = true;
    while (more && *more) {
      more = write(Sync::kNone, kPurgeChunk, [&](Session& session) { return purge_removed(session, kPurgeChunk); });
    }
    return {};
  }

  Result<std::vector<ServerInfo>> servers() override {
    return read<std::vector<ServerInfo>>([](Session& session) { return read_servers(session); });
  }

  Result<std::vector<SchedulerEntry>> scheduler_entries() override {
    return read<std::vector<SchedulerEntry>>([](Session& session) { return read_scheduler_entries(session); });
  }

  Result<std::vector<SchedulerEvent>> scheduler_events(const std::string& entry, std::size_t limit) override {
    return read<std::vector<SchedulerEvent>>([&](Session& session) { return read_scheduler_events(session, entry, limit); });
  }

  Result<std::vector<EnqueueOutcome>> restore(std::span<const StoredTask> tasks) override {
    std::vector<NewTask> fresh;
    for (const StoredTask& task : tasks) {
      fresh.push_back({.message = core::to_message(task.info), .unique_ttl = task.unique_left});
      if (Status fit = check_stored_task(fresh.back(), task.info.state, payload_max_); !fit) return fit.error();
    }
    return write(Sync::kDurable, tasks.size(), [&](Session& session) { return restore_tasks(session, fresh, tasks); });
  }

  Result<std::vector<Duration>> unique_left(std::span<const TaskInfo> tasks) override {
    return read<std::vector<Duration>>([&](Session& session) { return read_unique_left(session, tasks); });
  }

  Status restore_counts(const QueueCounts& counts) override {
    return change(Sync::kDurable, counts.days.size(), [&](Session& session) { broker::restore_counts(session, counts); });
  }

  Result<std::vector<TickRecord>> ticks() override {
    return read<std::vector<TickRecord>>([](Session& session) { return read_ticks(session); });
  }

  Status restore_ticks(std::span<const TickRecord> records) override {
    return change(Sync::kDurable, records.size(), [&](Session& session) { broker::restore_ticks(session, records); });
  }

  Status ping() override {
    const Result<bool> there =
        read<bool>([](Session& session) { return session.run(Sql::kPing).next(); });
    if (!there) return there.error();
    if (*there) return {};
    return Error(ErrorCode::kCorrupt, "sqlite " + options_.path + ": its windlass tables are gone; open it anew");
  }

  Result<std::vector<std::pair<std::string, std::string>>> describe() override {
    using Facts = std::vector<std::pair<std::string, std::string>>;
    return read<Facts>([&](Session& session) {
      const auto ask = [&](const char* sql) { return session.db().ask(sql).value_or("unknown"); };
      return Facts{{"broker", "sqlite"},
                   {"path", session.db().path()},
                   {"sqlite_version", sqlite3_libversion()},
                   {"schema_version", std::to_string(kSchemaVersion)},
                   {"durability", std::string(durability_name(options_.durability))},
                   {"journal_mode", ask("PRAGMA journal_mode")},
                   {"page_size", ask("PRAGMA page_size")},
                   {"pages", ask("PRAGMA page_count")},
                   {"free_pages", ask("PRAGMA freelist_count")},
                   {"payload_max", std::to_string(payload_max_)}};
    });
  }

  Result<bool> take_minute(TimePoint minute) override {
    return write(Sync::kNone, 1, [&](Session& session) { return take_sample_minute(session, minute); });
  }

  Status write_samples(std::span<const SampleWrite> writes) override {
    return change(Sync::kNone, writes.size(), [&](Session& session) { save_samples(session, writes); });
  }

  Result<std::string> read_sample_ring(const std::string& queue) override {
    return read<std::string>([&](Session& session) { return read_sample_slots(session, queue); });
  }

 private:
  // Runs f(Session&) in a write transaction; its value is the result.
  template <class F>
  auto write(Sync sync, std::size_t weight, F&& f) -> Result<std::invoke_result_t<F&, Session&>> {
    std::optional<std::invoke_result_t<F&, Session&>> value;
    auto operation = [&](Session& session) { value.emplace(f(session)); };
    if (Status done = writer_.run(sync, weight, operation); !done) return done.error();
    return std::move(*value);
  }

  template <class F>
  Status change(Sync sync, std::size_t weight, F&& f) {
    return writer_.run(sync, weight, f);
  }

  template <class T, class F>
  Result<T> read(F&& f) {
    return readers_->run([&](Session& session) { return Result<T>(f(session)); });
  }

  template <class T>
  static Result<T> flatten(Result<Result<T>> nested) {
    if (!nested) return nested.error();
    return std::move(*nested);
  }

  // Never 0, never negative, never twice: SQLite's integers have a sign, and a token outlives the process that got it.
  std::int64_t next_fence() {
    base::Lock lock(random_mu_);
    return static_cast<std::int64_t>(random_.next() >> 2) + 1;
  }

  const DatabaseOptions options_;
  base::Clock& clock_;
  const std::size_t payload_max_;
  Writer writer_;
  const std::shared_ptr<Readers> readers_;
  std::atomic<bool> idle_{true};   // the last fetch found nothing, or there was none
  base::Mutex random_mu_;
  base::Random random_ WINDLASS_GUARDED_BY(random_mu_);
};

}  // namespace

Result<std::shared_ptr<Broker>> open_sqlite_broker(const DatabaseOptions& options, base::Clock& clock,
                                                   std::size_t payload_max) {
  Result<Database> database = open_database(options);
  if (!database) return database.error();
  return std::shared_ptr<Broker>(std::make_shared<SqliteBroker>(std::move(*database), options, clock, payload_max));
}

}  // namespace windlass::broker
