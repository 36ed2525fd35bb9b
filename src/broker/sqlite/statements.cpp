// The texts. Conventions: ?1, ?2 ... in the order of the arguments; times are ns; states as numbers of TaskState:
// 1 active, 2 pending, 3 scheduled, 4 retry, 5 archived, 6 completed, 7 aggregating.
#include "broker/sqlite/statements.hpp"

#include <array>

// The columns that task_row.cpp reads, in its order.
#define WINDLASS_TASK_COLUMNS \
  "t.seq, t.id, t.queue, t.state, t.ord, t.since, t.type, t.flags, t.retried, t.crashes, t.fence, t.holder, t.ends, t.grp"
#define WINDLASS_BODY_COLUMNS \
  "b.payload, b.headers, b.max_retry, b.timeout, b.deadline, b.retention, b.unique_key, b.group_name, b.expires_at, " \
  "b.scheduled_at, b.enqueued_at"

namespace windlass::broker {

namespace {

constexpr std::size_t kStatements = static_cast<std::size_t>(Sql::kCount);

constexpr std::array<StatementText, kStatements> kTable = {{
    {Sql::kBegin, false, "BEGIN IMMEDIATE"},
    {Sql::kBeginRead, false, "BEGIN"},
    {Sql::kCommit, false, "COMMIT"},
    {Sql::kRollback, false, "ROLLBACK"},
    {Sql::kSavepoint, false, "SAVEPOINT windlass_enqueue"},
    {Sql::kRelease, false, "RELEASE windlass_enqueue"},
    {Sql::kRollbackTo, false, "ROLLBACK TO windlass_enqueue"},

    {Sql::kQueueFind, true,
     "SELECT id, paused, head, tail, turn, active, pending, scheduled, retry, archived, completed, aggregating, processed, failed, "
     "expired FROM windlass_queue WHERE name = ?1"},
    {Sql::kQueueAdd, true, "INSERT INTO windlass_queue(name) VALUES(?1)"},
    {Sql::kQueueSave, true,
     "UPDATE windlass_queue SET head = ?2, tail = ?3, turn = ?4, active = ?5, pending = ?6, scheduled = ?7, retry = ?8, "
     "archived = ?9, completed = ?10, aggregating = ?11, processed = ?12, failed = ?13, expired = ?14 WHERE id = ?1"},
    {Sql::kQueueNames, false, "SELECT name FROM windlass_queue WHERE name IS NOT NULL ORDER BY name"},
    {Sql::kQueuePause, true, "UPDATE windlass_queue SET paused = ?2 WHERE id = ?1"},
    {Sql::kQueueDetach, true, "UPDATE windlass_queue SET name = NULL WHERE id = ?1"},
    {Sql::kQueueDrop, true, "DELETE FROM windlass_queue WHERE id = ?1"},
    {Sql::kDetachedQueues, true, "SELECT id FROM windlass_queue WHERE name IS NULL"},
    {Sql::kTypeFind, true, "SELECT id FROM windlass_type WHERE name = ?1"},
    {Sql::kTypeAdd, true, "INSERT INTO windlass_type(name) VALUES(?1)"},
    {Sql::kTypeName, true, "SELECT name FROM windlass_type WHERE id = ?1"},
    {Sql::kStatAdd, true,
     "INSERT INTO windlass_stat(queue, day, processed, failed, expired) VALUES(?1, ?2, ?3, ?4, ?5) ON CONFLICT(queue, day) "
     "DO UPDATE SET processed = processed + ?3, failed = failed + ?4, expired = expired + ?5"},
    {Sql::kStatRaise, true,
     "INSERT INTO windlass_stat(queue, day, processed, failed, expired) VALUES(?1, ?2, ?3, ?4, ?5) ON CONFLICT(queue, day) "
     "DO UPDATE SET processed = max(processed, ?3), failed = max(failed, ?4), expired = max(expired, ?5)"},
    {Sql::kStatHistory, true, "SELECT day, processed, failed, expired FROM windlass_stat WHERE queue = ?1 AND day > ?2 AND day <= ?3"},
    {Sql::kStatTrim, true, "DELETE FROM windlass_stat WHERE queue = ?1 AND day < ?2"},
    {Sql::kStatDrop, true, "DELETE FROM windlass_stat WHERE queue = ?1"},

    {Sql::kTaskAdd, true,
     "INSERT OR IGNORE INTO windlass_task(id, queue, state, ord, since, type, flags, retried, crashes) "
     "VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, 0)"},
    {Sql::kBodyAdd, true,
     "INSERT INTO windlass_body(seq, payload, headers, max_retry, timeout, deadline, retention, unique_key, group_name, "
     "expires_at, scheduled_at, enqueued_at) VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)"},
    {Sql::kTaskMove, true,
     "UPDATE windlass_task SET state = ?2, ord = ?3, since = ?4, flags = ?5, retried = ?6, crashes = ?7, fence = NULL, "
     "holder = NULL, ends = NULL, grp = ?8 WHERE seq = ?1"},
    // Of a task that has nothing in the side tables (flags but kGrouped are 0).
    {Sql::kTaskFinishPlain, true, "DELETE FROM windlass_task WHERE seq = ?1 AND fence = ?2 AND queue = ?3 AND flags & 15 = 0"},
    // The same of a run of rows. NOT INDEXED leaves the row numbers to search by.
    {Sql::kTasksCountPlain, true,
     "SELECT count(*) FROM windlass_task NOT INDEXED WHERE seq BETWEEN ?1 AND ?2 AND fence = ?3 AND queue = ?4 AND flags & 15 = 0"},
    {Sql::kTasksFinishPlain, true,
     "DELETE FROM windlass_task NOT INDEXED WHERE seq BETWEEN ?1 AND ?2 AND fence = ?3 AND queue = ?4 AND flags & 15 = 0"},
    {Sql::kBodiesDelete, true, "DELETE FROM windlass_body WHERE seq BETWEEN ?1 AND ?2"},
    {Sql::kTaskDelete, true, "DELETE FROM windlass_task WHERE seq = ?1"},
    {Sql::kBodyDelete, true, "DELETE FROM windlass_body WHERE seq = ?1"},
    {Sql::kTaskUnderLease, true, "SELECT " WINDLASS_TASK_COLUMNS " FROM windlass_task t WHERE t.seq = ?1 AND t.fence = ?2 AND t.queue = ?3"},
    {Sql::kTaskById, true, "SELECT " WINDLASS_TASK_COLUMNS " FROM windlass_task t WHERE t.id = ?1 AND t.queue = ?2"},
    {Sql::kTaskOfQueue, true, "SELECT " WINDLASS_TASK_COLUMNS " FROM windlass_task t WHERE t.queue = ?1 LIMIT ?2"},
    {Sql::kBodyRead, true, "SELECT " WINDLASS_BODY_COLUMNS " FROM windlass_body b WHERE b.seq = ?1"},
    {Sql::kBodyRetention, true, "SELECT retention FROM windlass_body WHERE seq = ?1"},
    {Sql::kBodyGroup, true, "SELECT group_name FROM windlass_body WHERE seq = ?1"},
    {Sql::kBodyPayload, true, "UPDATE windlass_body SET payload = ?2 WHERE seq = ?1"},
    {Sql::kFetchSelect, true,
     "SELECT " WINDLASS_TASK_COLUMNS ", " WINDLASS_BODY_COLUMNS
     " FROM windlass_task t CROSS JOIN windlass_body b ON b.seq = t.seq WHERE t.queue = ?1 AND t.state = 2 ORDER BY t.ord LIMIT ?2"},
    {Sql::kFetchTake, true,
     "UPDATE windlass_task SET state = 1, ord = ord + ?3, since = ?4, fence = ?5, holder = ?6, ends = ?7 "
     "WHERE queue = ?1 AND state = 2 AND ord <= ?2"},
    {Sql::kExtend, true, "UPDATE windlass_task SET ends = ?4 WHERE seq = ?1 AND fence = ?2 AND queue = ?3"},
    {Sql::kSetFlags, true, "UPDATE windlass_task SET flags = ?2 WHERE seq = ?1"},
    {Sql::kHasPending, true,
     "SELECT 1 FROM windlass_queue q CROSS JOIN windlass_task t ON t.queue = q.id "
     "WHERE q.name = ?1 AND q.paused = 0 AND t.state = 2 LIMIT 1"},
    {Sql::kFirstInState, true, "SELECT ord, since FROM windlass_task WHERE queue = ?1 AND state = ?2 ORDER BY ord LIMIT 1"},
    {Sql::kDueSelect, true,
     "SELECT " WINDLASS_TASK_COLUMNS " FROM windlass_task t WHERE t.queue = ?1 AND t.state = ?2 AND t.ord <= ?3 "
     "ORDER BY t.ord, t.seq LIMIT ?4"},
    {Sql::kLostSelect, true,
     "SELECT " WINDLASS_TASK_COLUMNS ", o.name FROM windlass_task t LEFT JOIN windlass_owner o ON o.id = t.holder "
     "WHERE t.queue = ?1 AND t.state = 1 AND (t.ends <= ?2 OR o.dead_at <= ?2) ORDER BY t.ord, t.seq LIMIT ?3"},
    {Sql::kHasLost, true,
     "SELECT 1 FROM windlass_queue q CROSS JOIN windlass_task t ON t.queue = q.id LEFT JOIN windlass_owner o ON o.id = t.holder "
     "WHERE q.name = ?1 AND t.state = 1 AND (t.ends <= ?2 OR o.dead_at <= ?2) LIMIT 1"},
    {Sql::kEndedSelect, true,
     "SELECT " WINDLASS_TASK_COLUMNS " FROM windlass_task t WHERE t.queue = ?1 AND t.state = 6 AND t.ord <= ?2 "
     "ORDER BY t.ord LIMIT ?3"},
    {Sql::kArchivedBefore, true,
     "SELECT " WINDLASS_TASK_COLUMNS " FROM windlass_task t WHERE t.queue = ?1 AND t.state = 5 AND t.ord <= ?2 "
     "ORDER BY t.ord LIMIT ?3"},
    {Sql::kArchivedOldest, true,
     "SELECT " WINDLASS_TASK_COLUMNS " FROM windlass_task t WHERE t.queue = ?1 AND t.state = 5 ORDER BY t.ord LIMIT ?2"},

    {Sql::kFailureSave, true,
     "INSERT OR REPLACE INTO windlass_failure(seq, kind, message, exit_code, signal, detail, failed_at) "
     "VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7)"},
    {Sql::kFailureRead, true,
     "SELECT kind, message, exit_code, signal, detail, failed_at FROM windlass_failure WHERE seq = ?1"},
    {Sql::kFailureDrop, true, "DELETE FROM windlass_failure WHERE seq = ?1"},
    {Sql::kResultSave, true, "INSERT OR REPLACE INTO windlass_result(seq, data) VALUES(?1, ?2)"},
    {Sql::kResultRead, true, "SELECT data FROM windlass_result WHERE seq = ?1"},
    {Sql::kResultDrop, true, "DELETE FROM windlass_result WHERE seq = ?1"},
    {Sql::kProgressSave, true, "INSERT OR REPLACE INTO windlass_progress(seq, percent, text) VALUES(?1, ?2, ?3)"},
    {Sql::kProgressRead, true, "SELECT percent, text FROM windlass_progress WHERE seq = ?1"},
    {Sql::kProgressDrop, true, "DELETE FROM windlass_progress WHERE seq = ?1"},
    // A lock of a task whose queue was removed counts for nothing, until the task itself is purged.
    {Sql::kLockFind, true,
     "SELECT t.id FROM windlass_lock l CROSS JOIN windlass_task t ON t.seq = l.task CROSS JOIN windlass_queue q ON q.id = t.queue "
     "WHERE l.key = ?1 AND l.until > ?2 AND q.name IS NOT NULL"},
    {Sql::kLockTake, true, "INSERT OR REPLACE INTO windlass_lock(key, task, until) VALUES(?1, ?2, ?3)"},
    {Sql::kLockRelease, true, "DELETE FROM windlass_lock WHERE task = ?1"},
    {Sql::kLockUntil, true, "SELECT until FROM windlass_lock WHERE task = ?1"},

    {Sql::kOwnerFind, true, "SELECT id FROM windlass_owner WHERE name = ?1 AND gone = 0"},
    {Sql::kOwnerAdd, true, "INSERT INTO windlass_owner(name) VALUES(?1)"},
    {Sql::kOwnerName, true, "SELECT name FROM windlass_owner WHERE id = ?1"},
    {Sql::kOwnerAlive, true,
     "INSERT INTO windlass_owner(name, dead_at) VALUES(?1, ?2) ON CONFLICT(name) WHERE gone = 0 "
     "DO UPDATE SET dead_at = ?2"},
    {Sql::kOwnerGone, true, "UPDATE windlass_owner SET dead_at = ?2, gone = 1 WHERE name = ?1 AND gone = 0"},
    {Sql::kOwnerTrim, false, 
     "DELETE FROM windlass_owner WHERE dead_at <= ?1 AND NOT EXISTS (SELECT 1 FROM windlass_task t "
     "WHERE t.state = 1 AND t.queue IN (SELECT id FROM windlass_queue) AND t.holder = windlass_owner.id)"},
    {Sql::kServerSave, true,
     "INSERT OR REPLACE INTO windlass_server(name, until, host, pid, concurrency, queues, strict, status, started_at, running) "
     "VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)"},
    {Sql::kServerDrop, true, "DELETE FROM windlass_server WHERE name = ?1"},
    {Sql::kServerTrim, false, "DELETE FROM windlass_server WHERE until <= ?1"},
    {Sql::kServerList, false,
     "SELECT name, host, pid, concurrency, queues, strict, status, started_at, running FROM windlass_server WHERE until > ?1 "
     "ORDER BY started_at, name"},
    {Sql::kWorkerTask, true,
     "SELECT t.id, q.name, t.type, b.payload, t.flags FROM windlass_task t CROSS JOIN windlass_body b ON b.seq = t.seq "
     "CROSS JOIN windlass_queue q ON q.id = t.queue WHERE t.seq = ?1 AND t.fence = ?2"},

    {Sql::kGroupFind, true, "SELECT id FROM windlass_group WHERE queue = ?1 AND name = ?2"},
    {Sql::kGroupAdd, true, "INSERT INTO windlass_group(queue, name) VALUES(?1, ?2)"},
    {Sql::kGroupPut, true, "UPDATE windlass_task SET grp = ?2 WHERE seq = ?1"},
    {Sql::kGroupChange, true,
     "UPDATE windlass_group SET waiting = waiting + ?2, held = held + ?3 WHERE id = ?1"},
    {Sql::kGroupFirst, true,
     "UPDATE windlass_group SET "
     "first_at = coalesce((SELECT ord FROM windlass_task t WHERE t.grp = ?1 AND t.state = 7 AND t.holder IS NULL "
     "ORDER BY t.ord LIMIT 1), 0), "
     "last_at = coalesce((SELECT ord FROM windlass_task t WHERE t.grp = ?1 AND t.state = 7 AND t.holder IS NULL "
     "ORDER BY t.ord DESC LIMIT 1), 0) WHERE id = ?1"},
    {Sql::kGroupDrop, true, "DELETE FROM windlass_group WHERE id = ?1 AND waiting = 0 AND held = 0"},
    {Sql::kGroupReady, true,
     "SELECT id, name FROM windlass_group WHERE queue = ?1 AND waiting > 0 AND ((?2 > 0 AND waiting >= ?2) "
     "OR (?3 > 0 AND first_at <= ?4 - ?3) OR last_at <= ?4 - ?5) ORDER BY name LIMIT 1"},
    {Sql::kGroupList, true, "SELECT name, waiting FROM windlass_group WHERE queue = ?1 AND waiting > 0 ORDER BY name"},
    {Sql::kGroupCount, true, "SELECT count(*) FROM windlass_group WHERE queue = ?1 AND waiting > 0"},
    {Sql::kGroupTake, true,
     "SELECT " WINDLASS_TASK_COLUMNS ", " WINDLASS_BODY_COLUMNS
     " FROM windlass_task t CROSS JOIN windlass_body b ON b.seq = t.seq "
     "WHERE t.grp = ?1 AND t.state = 7 AND t.holder IS NULL ORDER BY t.ord, t.seq LIMIT ?2"},
    {Sql::kGroupHold, true, "UPDATE windlass_task SET holder = ?2 WHERE seq = ?1"},
    {Sql::kSetAdd, true, "INSERT INTO windlass_set(queue, grp, size, until) VALUES(?1, ?2, ?3, ?4)"},
    {Sql::kSetFind, true, "SELECT id, grp, size FROM windlass_set WHERE id = CAST(?2 AS INTEGER) AND queue = ?1 AND until > ?3"},
    {Sql::kSetDrop, true, "DELETE FROM windlass_set WHERE id = ?1"},
    {Sql::kSetsDrop, true, "DELETE FROM windlass_set WHERE queue = ?1"},
    {Sql::kSetsEnded, true, "SELECT id, grp, size FROM windlass_set WHERE queue = ?1 AND until <= ?2"},
    {Sql::kSetTasks, true,
     "SELECT " WINDLASS_TASK_COLUMNS " FROM windlass_task t WHERE t.grp = ?1 AND t.state = 7 AND t.holder = ?2 "
     "ORDER BY t.ord, t.seq LIMIT ?3"},
    {Sql::kSetRelease, true, "UPDATE windlass_task SET holder = NULL WHERE seq = ?1"},

    {Sql::kTickFind, true, "SELECT 1 FROM windlass_tick_run WHERE entry = ?1 AND last >= ?2 AND after < ?2 AND until > ?3"},
    // In place of a run that has ended with the same tick, and is forgotten.
    {Sql::kTickContinue, true,
     "UPDATE OR REPLACE windlass_tick_run SET last = ?3, until = max(until, ?4) WHERE entry = ?1 AND last = ?2 AND until > ?5"},
    {Sql::kTickBegin, true, "INSERT INTO windlass_tick_run(entry, last, after, until) VALUES(?1, ?2, ?3, ?4)"},
    {Sql::kTickTrim, true, "DELETE FROM windlass_tick_run WHERE entry = ?1 AND until <= ?2"},
    {Sql::kTickRunCount, true, "SELECT count(*), min(last) FROM windlass_tick_run WHERE entry = ?1"},
    {Sql::kTickMerge, true,
     "UPDATE windlass_tick_run SET after = min(after, f.a), until = max(until, f.u) FROM (SELECT after AS a, until AS u FROM "
     "windlass_tick_run WHERE entry = ?1 AND last = ?2) f WHERE entry = ?1 AND last = (SELECT min(last) FROM windlass_tick_run "
     "WHERE entry = ?1 AND last > ?2)"},
    {Sql::kTickDrop, true, "DELETE FROM windlass_tick_run WHERE entry = ?1 AND last = ?2"},
    {Sql::kTickRunList, true, "SELECT after, last, until FROM windlass_tick_run WHERE entry = ?1 AND until > ?2 ORDER BY last"},
    {Sql::kTickDropAll, true, "DELETE FROM windlass_tick_run WHERE entry = ?1"},
    {Sql::kEventAdd, true, "INSERT INTO windlass_event(entry, nominal, task, enqueued_at) VALUES(?1, ?2, ?3, ?4)"},
    {Sql::kEventFind, true, "SELECT 1 FROM windlass_event WHERE entry = ?1 AND nominal = ?2 AND task = ?3"},
    {Sql::kEventTrim, true,
     "DELETE FROM windlass_event WHERE id IN (SELECT id FROM windlass_event WHERE entry = ?1 ORDER BY id DESC LIMIT -1 OFFSET ?2)"},
    {Sql::kEventList, true,
     "SELECT task, enqueued_at, nominal FROM windlass_event WHERE entry = ?1 ORDER BY id DESC LIMIT ?2"},
    {Sql::kEntryLast, true, "SELECT last, queue, task FROM windlass_entry_log WHERE entry = ?1"},
    {Sql::kEntryLogs, false, "SELECT entry, last, queue, task FROM windlass_entry_log ORDER BY entry"},
    {Sql::kEntryTicked, true,
     "INSERT INTO windlass_entry_log(entry, last) VALUES(?1, ?2) ON CONFLICT(entry) DO UPDATE SET last = max(last, ?2)"},
    {Sql::kEntryStored, true,
     "INSERT INTO windlass_entry_log(entry, last, queue, task) VALUES(?1, ?2, ?3, ?4) "
     "ON CONFLICT(entry) DO UPDATE SET last = max(last, ?2), queue = ?3, task = ?4"},
    {Sql::kSchedulerSave, true, "INSERT OR REPLACE INTO windlass_scheduler(name, until) VALUES(?1, ?2)"},
    {Sql::kSchedulerDrop, true, "DELETE FROM windlass_scheduler WHERE name = ?1"},
    {Sql::kSchedulerTrim, false, "DELETE FROM windlass_scheduler WHERE until <= ?1"},
    {Sql::kEntryDropAll, true, "DELETE FROM windlass_entry WHERE scheduler = ?1"},
    {Sql::kEntryAdd, true, "INSERT OR REPLACE INTO windlass_entry(scheduler, entry, record) VALUES(?1, ?2, ?3)"},
    {Sql::kEntryTrim, false, "DELETE FROM windlass_entry WHERE scheduler NOT IN (SELECT name FROM windlass_scheduler)"},
    {Sql::kEntryList, false,
     "SELECT e.entry, e.record FROM windlass_scheduler s JOIN windlass_entry e ON e.scheduler = s.name WHERE s.until > ?1 "
     "ORDER BY e.entry, s.id DESC"},

    {Sql::kCancelAdd, true, "INSERT INTO windlass_cancel(queue, task, for_good, until) VALUES(?1, ?2, ?3, ?4)"},
    {Sql::kCancelTrim, false, "DELETE FROM windlass_cancel WHERE until <= ?1"},
    {Sql::kCancelAfter, true, "SELECT id, queue, task, for_good FROM windlass_cancel WHERE id > ?1 ORDER BY id"},
    {Sql::kCancelLast, false, "SELECT seq FROM sqlite_sequence WHERE name = 'windlass_cancel'"},

    {Sql::kListUp, true,
     "SELECT " WINDLASS_TASK_COLUMNS " FROM windlass_task t WHERE t.queue = ?1 AND t.state = ?2 AND (t.ord, t.seq) > (?3, ?4) "
     "AND (?5 IS NULL OR t.type = ?5) ORDER BY t.ord, t.seq LIMIT ?6"},
    {Sql::kListDown, true,
     "SELECT " WINDLASS_TASK_COLUMNS " FROM windlass_task t WHERE t.queue = ?1 AND t.state = ?2 AND (t.ord, t.seq) < (?3, ?4) "
     "AND (?5 IS NULL OR t.type = ?5) ORDER BY t.ord DESC, t.seq DESC LIMIT ?6"},
    {Sql::kListGroup, true,
     "SELECT " WINDLASS_TASK_COLUMNS " FROM windlass_task t WHERE t.grp = ?1 AND t.state = 7 AND (t.ord, t.seq) > (?2, ?3) "
     "AND (?4 IS NULL OR t.type = ?4) ORDER BY t.ord, t.seq LIMIT ?5"},
    // Walks the ids with the prefix; the caller sorts them.
    {Sql::kListById, true,
     "SELECT " WINDLASS_TASK_COLUMNS " FROM windlass_task t WHERE t.id >= ?1 AND t.id < ?2 AND t.queue = ?3 "
     "AND t.state = ?4 AND (?5 IS NULL OR t.type = ?5) AND (?6 IS NULL OR t.grp = ?6)"},
    {Sql::kSampleBodies, true,
     "SELECT avg(n) FROM (SELECT coalesce(length(b.payload), 0) + coalesce(length(b.headers), 0) AS n "
     "FROM windlass_task t CROSS JOIN windlass_body b ON b.seq = t.seq WHERE t.queue = ?1 AND t.state = ?2 LIMIT 20)"},
    {Sql::kMinuteTake, false, "UPDATE windlass_meta SET value = ?1 WHERE key = 'sampled' AND value < ?1"},
    {Sql::kSampleSave, true, "INSERT OR REPLACE INTO windlass_sample(queue, slot, data) VALUES(?1, ?2, ?3)"},
    {Sql::kSampleList, true, "SELECT slot, data FROM windlass_sample WHERE queue = ?1 ORDER BY slot"},
    {Sql::kSampleDrop, true, "DELETE FROM windlass_sample WHERE queue = ?1"},
    {Sql::kPing, false, "SELECT value FROM windlass_meta WHERE key = 'schema_version'"},
    {Sql::kBootSave, false, "INSERT OR REPLACE INTO windlass_meta(key, value) VALUES('boot', ?1)"},
}};

constexpr bool in_order() {
  for (std::size_t i = 0; i < kTable.size(); ++i) {
    if (static_cast<std::size_t>(kTable[i].id) != i || kTable[i].text.empty()) return false;
  }
  return true;
}
static_assert(in_order(), "kTable must stand in the order of Sql");

constexpr std::array<std::string_view, kStatements> texts_of_table() {
  std::array<std::string_view, kStatements> texts;
  for (std::size_t i = 0; i < kTable.size(); ++i) texts[i] = kTable[i].text;
  return texts;
}
constexpr std::array<std::string_view, kStatements> kTexts = texts_of_table();

}  // namespace

std::span<const StatementText> all_statements() { return kTable; }
std::span<const std::string_view> statement_texts() { return kTexts; }

}  // namespace windlass::broker
