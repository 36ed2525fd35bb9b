// Every SQL statement of the broker, in one table: prepared from here, and read by the test that looks at their query plans.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace windlass::broker {

enum class Sql : std::uint8_t {
  // transactions
  kBegin, kBeginRead, kCommit, kRollback, kSavepoint, kRelease, kRollbackTo,
  // queues, types, statistics
  kQueueFind, kQueueAdd, kQueueSave, kQueueNames, kQueuePause, kQueueDetach, kQueueDrop, kDetachedQueues,
  kTypeFind, kTypeAdd, kTypeName, kStatAdd, kStatRaise, kStatHistory, kStatTrim, kStatDrop,
  // tasks
  kTaskAdd, kBodyAdd, kTaskMove, kTaskFinishPlain, kTasksCountPlain, kTasksFinishPlain, kBodiesDelete,
  kTaskDelete, kBodyDelete, kTaskUnderLease, kTaskById, kTaskOfQueue,
  kBodyRead, kBodyRetention, kBodyGroup, kBodyPayload, kFetchSelect, kFetchTake, kExtend, kSetFlags, kHasPending,
  kFirstInState, kDueSelect, kLostSelect, kHasLost,
  kEndedSelect, kArchivedBefore, kArchivedOldest,
  // what only some tasks have
  kFailureSave, kFailureRead, kFailureDrop, kResultSave, kResultRead, kResultDrop, kProgressSave, kProgressRead, kProgressDrop,
  kLockFind, kLockTake, kLockRelease, kLockUntil,
  // servers
  kOwnerFind, kOwnerAdd, kOwnerName, kOwnerAlive, kOwnerGone, kOwnerTrim,
  kServerSave, kServerDrop, kServerTrim, kServerList, kWorkerTask,
  // groups
  kGroupFind, kGroupAdd, kGroupPut, kGroupChange, kGroupFirst, kGroupDrop, kGroupReady, kGroupList, kGroupCount, kGroupTake, kGroupHold,
  kSetAdd, kSetFind, kSetDrop, kSetsDrop, kSetsEnded, kSetTasks, kSetRelease,
  // schedulers
  kTickFind, kTickContinue, kTickBegin, kTickTrim, kTickRunCount, kTickMerge, kTickDrop, kTickRunList, kTickDropAll, kEventAdd, kEventFind, kEventTrim, kEventList, kEntryLast, kEntryLogs, kEntryTicked, kEntryStored,
  kSchedulerSave, kSchedulerDrop, kSchedulerTrim, kEntryDropAll, kEntryAdd, kEntryTrim, kEntryList,
  // cancel requests
  kCancelAdd, kCancelTrim, kCancelAfter, kCancelLast,
  // lists
  kListUp, kListDown, kListGroup, kListById, kSampleBodies,
  // samples
  kMinuteTake, kSampleSave, kSampleList, kSampleDrop,
  kPing, kBootSave,
  kCount,
};

struct StatementText {
  Sql id;
  bool hot;   // must find its rows through an index or by row number, and must not sort
  std::string_view text;
};

// All statements, in the order of Sql.
std::span<const StatementText> all_statements();
// Their texts alone, as sqlite::Connection takes them.
std::span<const std::string_view> statement_texts();

}  // namespace windlass::broker
