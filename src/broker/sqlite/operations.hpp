// What the verbs of the broker do inside a transaction. Each is one free function over a Session; the broker wraps them in
// transactions (sqlite_broker.cpp), the transactional enqueuer runs enqueue_tasks() inside the user's.
//
// Rule for all that can refuse (return an Error): they do so before their first write, because the transaction may hold
// other operations, and is committed all the same. Failures of SQLite are no concern of theirs: they stick to the
// connection, and undo the whole transaction.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "broker/broker.hpp"
#include "broker/samples.hpp"
#include "broker/sqlite/session.hpp"

namespace windlass::broker {

// -- enqueue.cpp

EnqueueOutcome enqueue_task(Session& session, const NewTask& task);
std::vector<EnqueueOutcome> enqueue_tasks(Session& session, std::span<const NewTask> tasks);

// -- fetch_finish.cpp

// `fence`: a number that no earlier fetch was given.
std::vector<FetchedTask> fetch_tasks(Session& session, const FetchRequest& request, std::int64_t fence);
bool has_pending(Session& session, const FetchRequest& request);
std::vector<FinishOutcome> finish_tasks(Session& session, std::span<const Finish> items);
std::vector<bool> extend_leases(Session& session, std::span<const LeaseRef> leases, Duration lease);
void update_tasks(Session& session, std::span<const TaskUpdate> updates);

// -- housekeeping.cpp

ForwardResult forward_tasks(Session& session, std::span<const std::string> queues, std::size_t max);
// When the next task of the queues is due.
std::optional<TimePoint> next_due(Session& session, std::span<const std::string> queues);
std::vector<RecoveredTask> recover_tasks(Session& session, const RecoverRequest& request);
// Whether recover_tasks() would find anything to do.
bool has_lost(Session& session, std::span<const std::string> queues);
CleanResult clean_queues(Session& session, const CleanRequest& request);
// Deletes up to `max` tasks of removed queues. True if there may be more.
bool purge_removed(Session& session, std::size_t max);

// -- groups.cpp

std::optional<AggregationSet> take_ready_group(Session& session, const std::string& queue, const AggregationRules& rules,
                                               Duration hold);
Result<EnqueueOutcome> finish_set(Session& session, const AggregationSet& set, const NewTask* aggregate);
void release_set(Session& session, const AggregationSet& set);
// Puts the tasks of sets whose hold ended back into their groups.
void release_ended_sets(Session& session, const QueueRow& queue);

// -- inspect.cpp

Result<QueueInfo> read_queue_info(Session& session, const std::string& queue);
Result<std::vector<DailyStats>> read_history(Session& session, const std::string& queue, int days);
Result<std::vector<GroupInfo>> read_groups(Session& session, const std::string& queue);
Result<TaskInfo> read_task_info(Session& session, const TaskRef& ref);
Result<TaskPage> list_tasks(Session& session, const ListRequest& request);

// -- actions.cpp

std::vector<ActionOutcome> act_on_tasks(Session& session, std::span<const TaskRef> tasks, TaskAction action);
Result<BulkResult> act_in_bulk(Session& session, const BulkRequest& request);
Status replace_payload(Session& session, const TaskRef& ref, const Payload& payload);
Status set_paused(Session& session, const std::string& queue, bool paused);
// Detaches the queue at once; purge_removed() deletes its tasks.
Status detach_queue(Session& session, const std::string& queue, bool force);

// -- records.cpp

void keep_owner_alive(Session& session, const std::string& owner, Duration ttl);
void save_server(Session& session, const ServerRecord& record, Duration ttl);
void drop_server(Session& session, const std::string& owner);
std::vector<ServerInfo> read_servers(Session& session);
void save_scheduler(Session& session, const SchedulerRecord& record, Duration ttl);
void drop_scheduler(Session& session, const std::string& id);
std::vector<SchedulerEntry> read_scheduler_entries(Session& session);
std::vector<std::optional<TimePoint>> read_last_ticks(Session& session, std::span<const std::string> entries);
inline constexpr int kEventsKept = 1000;  // in the history of an entry; the rows may be a few more
std::vector<SchedulerEvent> read_scheduler_events(Session& session, const std::string& entry, std::size_t limit);
void add_cancel_requests(Session& session, std::span<const CancelRequest> requests);
// Requests after the one numbered `last`, which is moved on. Errors: kUnavailable when some are gone already.
Result<std::vector<CancelRequest>> read_cancel_requests(Session& session, std::int64_t& last);
std::int64_t last_cancel_request(Session& session);

// -- samples.cpp

bool take_sample_minute(Session& session, TimePoint minute);
void save_samples(Session& session, std::span<const SampleWrite> writes);
std::string read_sample_slots(Session& session, const std::string& queue);

}  // namespace windlass::broker
