// Tasks whose servers are gone.
#include <algorithm>
#include <optional>
#include <set>

#include <windlass/log.hpp>

#include "broker/redis/operations.hpp"
#include "broker/redis/queue_calls.hpp"
#include "broker/redis/scripts.hpp"

namespace windlass::broker {
namespace {

constexpr std::size_t kLookedAt = 1000;   // active tasks in one run of a script
constexpr std::size_t kLostValues = 5;    // that a script returns for each lost task
constexpr auto kClaim = std::chrono::seconds(30);  // lease of tasks that are about to be archived

// What is known of a queue before its active tasks are looked at.
struct Survey {
  const std::string* queue = nullptr;
  bool look = false;
  std::vector<std::string> owners;  // then only the dead ones
};

struct Lost {
  std::string id;
  std::int64_t place = 0;  // from the end of the list of active tasks; 0: not there
  std::string score;
  std::string run;
  std::string owner;
};

struct Walk {
  std::vector<Lost> lost;
  bool complete = false;  // no other is lost
};

Result<std::vector<Survey>> survey_queues(Store& store, std::span<const std::string> queues) {
  redis::Pipeline pipeline;
  std::vector<const std::string*> names;
  for (const std::string& queue : queues) {
    const std::string prefix = queue_prefix(queue);
    pipeline.eval(store.script(ScriptName::kSurvey), 1, 2).key(prefix + "active").arg(prefix).arg(unix_nanos(store.now()));
    pipeline.idempotent();
    names.push_back(&queue);
  }
  const Result<redis::Replies> replies = call_for_queues(store, pipeline, names);
  if (!replies) return replies.error();
  std::vector<Survey> surveys;
  for (std::size_t i = 0; i < queues.size(); ++i) {
    const redis::Value said = (*replies)[i];
    if (said.is_error()) continue;
    Survey survey{&queues[i], said[0].integer() == 1, {}};
    for (const redis::Value owner : said[1]) survey.owners.emplace_back(owner.text());
    surveys.push_back(std::move(survey));
  }
  return surveys;
}

// Leaves only those owners that are dead: they gave signs of life once, and do so no more.
Status keep_dead_owners(Store& store, std::vector<Survey>& surveys) {
  std::set<std::string> owners;
  for (const Survey& survey : surveys) owners.insert(survey.owners.begin(), survey.owners.end());
  redis::Pipeline pipeline;
  for (const std::string& owner : owners) {
    // In this order: the first sign of life comes before the entry.
    pipeline.add("ZSCORE", redis::Key{kOwnersKey}, owner).idempotent();
    pipeline.add("EXISTS", redis::Key{alive_key(owner)}).idempotent();
  }
  const Result<redis::Replies> replies = store.call(pipeline);
  if (!replies) return replies.error();
  std::set<std::string> dead;
  std::size_t i = 0;
  for (const std::string& owner : owners) {
    if (!(*replies)[i].is_null() && (*replies)[i + 1].integer() == 0) dead.insert(owner);
    i += 2;
  }
  for (Survey& survey : surveys) {
    std::erase_if(survey.owners, [&](const std::string& owner) { return !dead.contains(owner); });
  }
  return {};
}

// Goes through the active tasks, the longest running first, until `max` are found lost.
Result<Walk> find_lost(Store& store, const Survey& survey, std::size_t max) {
  const std::string prefix = queue_prefix(*survey.queue);
  Walk walk;
  for (std::size_t passed = 0; walk.lost.size() < max;) {
    redis::Pipeline pipeline;
    pipeline.eval(store.script(ScriptName::kFindLost), 1, 3 + survey.owners.size()).key(prefix + "active");
    pipeline.arg(prefix).arg(passed).arg(kLookedAt);
    for (const std::string& owner : survey.owners) pipeline.arg(owner);
    pipeline.idempotent();
    const Result<redis::Replies> replies = store.call(pipeline);
    if (!replies) return replies.error();
    const redis::Value found = (*replies)[0];
    for (std::size_t i = 1; i + kLostValues <= found.size(); i += kLostValues) {
      walk.lost.push_back({std::string(found[i].text()), found[i + 1].integer().value_or(0),
                           std::string(found[i + 2].text()), std::string(found[i + 3].text()),
                           std::string(found[i + 4].text())});
    }
    const auto looked = static_cast<std::size_t>(found[0].integer().value_or(0));
    if (looked < kLookedAt) {
      walk.complete = walk.lost.size() <= max;
      break;
    }
    passed += looked;
  }
  if (walk.lost.size() > max) walk.lost.resize(max);
  return walk;
}

void add_recover(redis::Pipeline& pipeline, Store& store, const std::string& queue, std::span<const Lost> lost,
                 int crash_limit, const std::string& nonce) {
  const std::string prefix = queue_prefix(queue);
  pipeline.eval(store.script(ScriptName::kRecover), 1, 5 + 4 * lost.size()).key(prefix + "pending");
  pipeline.arg(prefix).arg(unix_nanos(store.now())).arg(crash_limit).arg(nonce);
  pipeline.arg(std::chrono::microseconds(kClaim).count());
  for (const Lost& task : lost) pipeline.arg(task.id).arg(task.place).arg(task.score).arg(task.run);
}

// Requeues the lost tasks, or takes those that crashed too often under the number `nonce`. What became of each: see
// recover.lua.
Result<std::vector<std::int64_t>> take_lost(Store& store, const std::string& queue, std::span<const Lost> lost,
                                            int crash_limit, const std::string& nonce) {
  std::vector<std::span<const Lost>> chunks;
  for (std::size_t i = 0; i < lost.size(); i += kScriptTasks) {
    chunks.push_back(lost.subspan(i, std::min(kScriptTasks, lost.size() - i)));
  }
  redis::Pipeline pipeline;
  // The last first, as each becomes the next to run.
  for (auto chunk = chunks.rbegin(); chunk != chunks.rend(); ++chunk) {
    add_recover(pipeline, store, queue, *chunk, crash_limit, nonce);
  }
  const Result<redis::Replies> replies = store.call(pipeline);
  if (!replies) return replies.error();
  std::vector<std::int64_t> results;
  for (std::size_t i = chunks.size(); i-- > 0;) {
    for (const redis::Value result : (*replies)[i]) results.push_back(result.integer().value_or(0));
  }
  return results;
}

// Archives the tasks that were taken for it; leaves out those that are not there any more.
Status archive_crashed(Store& store, std::uint64_t nonce, std::vector<RecoveredTask>& recovered) {
  std::vector<Finish> items;
  for (const RecoveredTask& task : recovered) {
    if (!task.archived) continue;
    items.push_back({.lease = {task.task, {0, nonce}},
                     .kind = FinishKind::kArchive,
                     .failure = crash_failure(task.crashes)});
  }
  if (items.empty()) return {};
  const Result<std::vector<FinishOutcome>> outcomes = finish_tasks(store, items);
  if (!outcomes) return outcomes.error();
  std::size_t i = 0;
  std::erase_if(recovered, [&](const RecoveredTask& task) {
    return task.archived && (*outcomes)[i++] == FinishOutcome::kLeaseLost;
  });
  return {};
}

// Nothing is left of these servers in the queue.
Status forget_owners(Store& store, const Survey& survey) {
  redis::Pipeline pipeline;
  pipeline.begin("SREM", 1 + survey.owners.size()).key(queue_prefix(*survey.queue) + "windlass:owners");
  for (const std::string& owner : survey.owners) pipeline.arg(owner);
  pipeline.idempotent();
  const Result<redis::Replies> replies = store.call(pipeline);
  return replies ? Status() : replies.error();
}

Result<std::vector<RecoveredTask>> recover_queue(Store& store, const Survey& survey, std::size_t max, int crash_limit) {
  const Result<Walk> walk = find_lost(store, survey, max);
  if (!walk) return walk.error();
  const std::uint64_t nonce = store.random();
  const auto results = take_lost(store, *survey.queue, walk->lost, crash_limit, nonce_text(nonce));
  if (!results) return results.error();

  std::vector<RecoveredTask> recovered;
  for (std::size_t i = 0; i < results->size(); ++i) {
    const std::int64_t result = (*results)[i];
    if (result == 0) continue;
    const Lost& task = walk->lost[i];
    recovered.push_back({{*survey.queue, task.id}, task.owner, static_cast<int>(std::abs(result)), result < 0});
  }
  if (const Status archived = archive_crashed(store, nonce, recovered); !archived) return archived.error();
  if (walk->complete && !survey.owners.empty()) {
    if (const Status forgotten = forget_owners(store, survey); !forgotten) return forgotten.error();
  }
  return recovered;
}

}  // namespace

Result<std::vector<RecoveredTask>> recover_tasks(Store& store, const RecoverRequest& request) {
  if (const Status status = take_back_lost(store); !status) return status.error();
  Result<std::vector<Survey>> surveys = survey_queues(store, request.queues);
  if (!surveys) return surveys.error();
  if (const Status status = keep_dead_owners(store, *surveys); !status) return status.error();

  std::vector<RecoveredTask> recovered;
  std::optional<Error> first;
  for (const Survey& survey : *surveys) {
    if (recovered.size() >= request.max) break;
    if (!survey.look && survey.owners.empty()) continue;
    auto taken = recover_queue(store, survey, request.max - recovered.size(), request.crash_limit);
    if (taken) {
      std::ranges::move(*taken, std::back_inserter(recovered));
      continue;
    }
    log_warn("lost tasks of a queue were not recovered",
             {{"queue", *survey.queue}, {"error", taken.error().message()}});
    if (!first) first = taken.error();
    // Where there is no store, the other queues have none either.
    if (taken.error().code() == ErrorCode::kUnavailable) break;
  }
  if (first && recovered.empty()) return *first;
  return recovered;
}

}  // namespace windlass::broker
