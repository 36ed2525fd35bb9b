// windlass migrate SRC DST
#include <algorithm>
#include <functional>
#include <memory>
#include <thread>

#include <CLI/CLI.hpp>

#include <windlass/inspector.hpp>

#include "broker/samples.hpp"
#include "carrying.hpp"
#include "copy_records.hpp"
#include "copy_tasks.hpp"
#include "json.hpp"
#include "output.hpp"
#include "progress_bar.hpp"
#include "queues.hpp"
#include "task_walk.hpp"

namespace windlass::app {
namespace {

using namespace std::chrono_literals;

constexpr Duration kLookEvery = 200ms;

constexpr const char* kNotCarried[] = {
    "since when tasks are pending or in their group: both begin anew",
    "progress of earlier runs",
    "histories of periodic entries that only schedulers of Asynq served",
};

struct MigrateArgs {
  std::string from, to;
  bool dry_run = false;
  bool wait_active = false;
};

// Counts and the sum of hashes of all that is shown of tasks: the same for the same tasks, in whatever order.
struct Checksum {
  std::uint64_t tasks = 0, sum = 0;
  friend bool operator==(const Checksum&, const Checksum&) = default;
};

void add(Checksum& checksum, TaskInfo task) {
  if (task.state == TaskState::kPending) task.next_process_at = kNoTime;  // always now
  task.progress.reset();
  // Redis keeps no difference between a payload of no bytes and none.
  if (task.payload.size() == 0) task.payload = Payload();
  ++checksum.tasks;
  checksum.sum += std::hash<std::string>()(codec::write_json(to_json(task)));
}

Result<Checksum> checksum_of(const Inspector& inspector, const std::string& queue, TaskState state) {
  Checksum checksum;
  const auto end = for_each_task(inspector, {.queue = queue, .state = state}, SIZE_MAX, {}, [&](const TaskInfo& task) { add(checksum, task); });
  if (!end && end.error().code() != ErrorCode::kQueueNotFound) return end.error();
  return checksum;
}

// Nothing may run in the source: a task that is finished there would run again in the target.
Result<std::vector<QueueInfo>> quiet_queues(const Inspector& inspector, bool wait) {
  for (;;) {
    Result<std::vector<QueueInfo>> queues = read_queues(inspector);
    if (!queues) return queues;
    const auto busy = std::find_if(queues->begin(), queues->end(), [](const QueueInfo& q) { return q.active > 0; });
    if (busy == queues->end()) return queues;
    if (!wait) {
      return Error(ErrorCode::kFailedPrecondition, "queue '" + busy->queue + "' has " + std::to_string(busy->active) +
                                                       " active tasks: stop the servers of the source first, or pause its queues and "
                                                       "add --wait-active; nothing was copied");
    }
    std::this_thread::sleep_for(kLookEvery);
  }
}

Status copy_all(broker::Broker& from, broker::Broker& to, const std::vector<QueueInfo>& queues, CopyCount& count) {
  std::uint64_t total = 0;
  for (const QueueInfo& queue : queues) total += queue.size;
  ProgressBar bar(total, "tasks");
  // Ticks first: schedulers of the target must not take again what was taken.
  if (const Status carried = copy_ticks(from, to); !carried) return carried;
  for (const QueueInfo& queue : queues) {
    if (const Status carried = copy_counts(from, to, queue); !carried) return carried;
    if (queue.paused) {
      const Status paused = to.pause(queue.queue);
      if (!paused && paused.error().code() != ErrorCode::kFailedPrecondition) return paused;  // it is paused already
    }
    for (const TaskState state : kAllStates) {
      if (state == TaskState::kActive || count_of(queue, state) == 0) continue;
      CopyOrder order{.filter = {.queue = queue.queue, .state = state}, .queue = queue.queue};
      order.progress = [&](const CopyCount& so_far) { bar.show(so_far.seen()); };
      if (const Status copied = copy_tasks(from, to, order, count); !copied) return copied;
    }
    if (const Status carried = copy_samples(from, to, queue.queue); !carried) return carried;
  }
  return copy_samples(from, to, std::string(broker::kAllQueues));
}

// Runs that were counted here and not there; empty if there are none.
Result<std::string> missing_counts(const Inspector& to, const QueueInfo& queue) {
  const Result<QueueInfo> there = to.queue(queue.queue);
  if (!there) return there.error();
  if (there->processed_total >= queue.processed_total && there->failed_total >= queue.failed_total &&
      there->expired_total >= queue.expired_total) {
    return std::string();
  }
  return "queue '" + queue.queue + "': " + std::to_string(queue.processed_total) + " runs counted here, " +
         std::to_string(there->processed_total) + " there";
}

// What differs, one line each.
Result<std::vector<std::string>> differences(const Inspector& from, const Inspector& to, const std::vector<QueueInfo>& queues) {
  std::vector<std::string> found;
  for (const QueueInfo& queue : queues) {
    const Result<std::string> missing = missing_counts(to, queue);
    if (!missing) return missing.error();
    if (!missing->empty()) found.push_back(*missing);
    for (const TaskState state : kAllStates) {
      const Result<Checksum> a = checksum_of(from, queue.queue, state), b = checksum_of(to, queue.queue, state);
      if (!a) return a.error();
      if (!b) return b.error();
      if (*a == *b) continue;
      const std::string where = "queue '" + queue.queue + "', " + std::string(task_state_name(state)) + ": ";
      found.push_back(a->tasks == b->tasks ? where + "the tasks are not the same"
                                           : where + std::to_string(a->tasks) + " tasks here, " + std::to_string(b->tasks) + " there");
    }
  }
  return found;
}

int show_plan(const Session& session, const std::vector<QueueInfo>& queues) {
  if (session.json) (void)Session::print(codec::Value::Object{{"dry_run", true}, {"queues", to_json(queues)}});
  else queue_table(queues).print();
  return kOk;
}

void show_end(const Session& session, const CopyCount& count, const std::vector<std::string>& different) {
  if (session.json) {
    codec::Value::Array lines, not_carried;
    for (const std::string& line : different) lines.push_back(line);
    for (const char* line : kNotCarried) not_carried.push_back(line);
    (void)Session::print(codec::Value::Object{{"copied", count.copied}, {"already", count.already}, {"refused", count.refused},
                                              {"verified", different.empty()}, {"differences", lines}, {"not_carried_over", not_carried}});
    return;
  }
  put(std::to_string(count.copied) + " tasks copied, " + std::to_string(count.already) + " were there already\n");
  for (const std::string& line : different) put("differs: " + printable(line) + "\n");
  for (const char* line : kNotCarried) put("not carried over: " + std::string(line) + "\n");
}

Result<int> migrate(const Session& session, const MigrateArgs& args) {
  if (args.from == args.to) return Error(ErrorCode::kInvalidArgument, "SRC and DST are the same store");
  const Result<BrokerPtr> from = open_broker(args.from);
  if (!from) return from.error().at("SRC");
  const Result<BrokerPtr> to = open_broker(args.to);
  if (!to) return to.error().at("DST");
  const Result<std::vector<QueueInfo>> queues = quiet_queues(Inspector(*from), args.wait_active);
  if (!queues) return queues.error();
  if (args.dry_run) return show_plan(session, *queues);
  CopyCount count;
  if (const Status copied = copy_all(**from, **to, *queues, count); !copied) {
    return copied.error().at("after " + std::to_string(count.seen()) + " tasks; run it again to go on");
  }
  const auto different = differences(Inspector(*from), Inspector(*to), *queues);
  if (!different) return different.error().at("all was copied, but could not be checked");
  show_end(session, count, *different);
  if (count.refused > 0) {
    return Error(ErrorCode::kTaskIdConflict, std::to_string(count.refused) + " tasks were not copied; the first: " + count.first_refusal);
  }
  return different->empty() ? kOk : kFailed;
}

}  // namespace

void add_migrate(CLI::App& app, Session& session) {
  CLI::App* command = app.add_subcommand("migrate", "Copy all of a store to another one, and check the tasks");
  auto args = std::make_shared<MigrateArgs>();
  command->add_option("SRC", args->from, "URL of the store to read; it stays as it is")->required()->type_name("URL");
  command->add_option("DST", args->to, "URL of the store to copy to")->required()->type_name("URL");
  command->add_flag("--wait-active", args->wait_active, "wait until no task runs in SRC, instead of exit code 4");
  command->add_flag("--dry-run", args->dry_run, "only show what would be copied");
  command->callback([&session, args] { session.run = [&session, args] { return migrate(session, *args); }; });
}

}  // namespace windlass::app
