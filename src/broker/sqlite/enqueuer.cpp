// Transactional enqueue: the same rows as any other, written by the user's connection.
#include <windlass/sqlite.hpp>

#include <sqlite3.h>

#include <optional>
#include <string>
#include <utility>

#include "base/clock.hpp"
#include "broker/sqlite/commit_bell.hpp"
#include "broker/sqlite/operations.hpp"
#include "broker/sqlite/schema.hpp"
#include "broker/sqlite/side_file.hpp"
#include "broker/sqlite/sqlite_broker.hpp"
#include "core/enqueue_plan.hpp"
#include "core/ids.hpp"
#include "sqlite/connection.hpp"

namespace windlass {

namespace {

using broker::EnqueueOutcome;
using broker::EnqueueStatus;
using broker::NewTask;
using broker::Session;
using broker::Sql;

constexpr Duration kPatience = std::chrono::seconds(5);

std::size_t index(Sql statement) { return static_cast<std::size_t>(statement); }

Error no_tables(const std::string& path) {
  return Error(ErrorCode::kFailedPrecondition,
               path + ": has no windlass tables; open a broker on it once, with open_broker(\"sqlite:" + path + "\")");
}

}  // namespace

struct SqliteEnqueuer::Impl {
  explicit Impl(sqlite3* connection) : db(sqlite::Connection::borrow(connection, broker::statement_texts())) {}

  Status check_tables();
  Status prepare();
  Status begin();
  Status end(Status status);
  Result<TaskInfo> store(const NewTask& task);

  std::unique_ptr<sqlite::Connection> db;
  std::shared_ptr<broker::SideFile> side_file;
  bool own_transaction = false;   // of the call under way
};

// The tables can come and go with the user's own transactions, so they are looked at in each call.
Status SqliteEnqueuer::Impl::check_tables() {
  const Result<int> version = broker::read_schema_version(*db);
  if (!version) return version.error();
  if (*version == 0) return no_tables(db->path());
  if (*version == broker::kSchemaVersion) return {};
  return Error(ErrorCode::kUnsupported, db->path() + ": its windlass tables have version " + std::to_string(*version) +
                                            ", this program needs version " + std::to_string(broker::kSchemaVersion));
}

Status SqliteEnqueuer::Impl::prepare() {
  if (Status tables = check_tables(); !tables || side_file) return tables;
  if (sqlite3_db_readonly(db->raw(), "main") == 1) {
    return Error(ErrorCode::kPermissionDenied, db->path() + ": this connection was opened read-only");
  }
  auto opened = broker::SideFile::open(db->path());
  if (!opened) return opened.error();
  register_commit_bell(*db, *opened);
  if (auto failure = db->take_failure()) return *failure;
  side_file = *std::move(opened);
  return {};
}

// Without a transaction: one of our own, for which we queue up with the other processes. A savepoint in either case.
Status SqliteEnqueuer::Impl::begin() {
  own_transaction = !db->in_transaction();
  if (own_transaction) {
    if (Status turn = side_file->lock(kPatience); !turn) return turn;
    db->execute(index(Sql::kBegin));
  }
  db->execute(index(Sql::kSavepoint));
  return {};
}

// Commits or undoes; an error leaves the user's transaction as it was before the call.
Status SqliteEnqueuer::Impl::end(Status status) {
  if (auto failure = db->take_failure()) status = *failure;
  const bool rolled_back = !db->in_transaction();  // SQLite does so by itself when the disk is full
  if (!status && !rolled_back) db->execute(index(own_transaction ? Sql::kRollback : Sql::kRollbackTo));
  if (db->in_transaction()) db->execute(index(Sql::kRelease));
  if (status && own_transaction) db->execute(index(Sql::kCommit));
  if (auto failure = db->take_failure(); failure && status) status = *failure;
  if (own_transaction) side_file->unlock();
  if (status || own_transaction || !rolled_back) return status;
  return status.error().at("SQLite rolled the whole transaction back");
}

Result<TaskInfo> SqliteEnqueuer::Impl::store(const NewTask& task) {
  base::Clock& clock = base::real_clock();
  Session session(*db, clock.now(), clock.steady());
  const EnqueueOutcome outcome = enqueue_task(session, task);
  session.flush();
  if (session.failed()) return *db->failure();
  if (outcome.status != EnqueueStatus::kEnqueued) return broker::refusal(task, outcome);
  broker::ring_at_commit(*db, session.bell());
  return read_task_info(session, {task.message.queue, task.message.id});
}

SqliteEnqueuer::SqliteEnqueuer(sqlite3* connection) : impl_(std::make_unique<Impl>(connection)) {}
SqliteEnqueuer::~SqliteEnqueuer() = default;
SqliteEnqueuer::SqliteEnqueuer(SqliteEnqueuer&&) noexcept = default;
SqliteEnqueuer& SqliteEnqueuer::operator=(SqliteEnqueuer&&) noexcept = default;

Result<TaskInfo> SqliteEnqueuer::enqueue(const Task& task, const EnqueueOptions& options) {
  const TimePoint now = base::real_clock().now();
  Result<core::EnqueuePlan> plan = core::plan_enqueue(task, options, now, core::new_uuid(now), broker::kSqlitePayloadMax);
  if (!plan) return plan.error().at("enqueue");
  if (plan->durability != EnqueueDurability()) {
    return Error(ErrorCode::kUnsupported, "enqueue: the durability is that of your transaction; leave the option out");
  }
  const NewTask planned{std::move(plan->message), plan->process_at, plan->unique_ttl, std::nullopt, {}};
  const std::string where = "enqueue on '" + planned.message.queue + "'";
  if (Status ready = impl_->prepare(); !ready) return ready.error().at(where);
  if (Status begun = impl_->begin(); !begun) return begun.error().at(where);
  Result<TaskInfo> stored = impl_->store(planned);
  const Status ended = impl_->end(stored ? Status() : Status(stored.error()));
  if (!ended) return ended.error().at(where);
  return stored;
}

}  // namespace windlass
