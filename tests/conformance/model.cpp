#include "conformance/model.hpp"

#include <algorithm>
#include <cstdio>
#include <sstream>
#include <stdexcept>

#include "broker/memory/memory_broker.hpp"
#include "conformance/state_text.hpp"
#include "core/text.hpp"

namespace windlass::conformance {

using namespace std::chrono_literals;
using namespace windlass::broker;

namespace {

constexpr std::size_t kPayloadMax = 100;
constexpr std::size_t kLogKept = 30;
constexpr std::size_t kLeasesKept = 24;

const std::vector<std::string> kQueues{"q1", "q2", "очередь"};
const std::vector<std::string> kGroups{"g", "h"};
const std::vector<std::string> kTypes{"t", "t", "mail:send"};

std::size_t index_of(const std::string& queue) {
  return static_cast<std::size_t>(std::ranges::find(kQueues, queue) - kQueues.begin());
}

std::string lock_key(const std::string& queue, std::size_t n) {
  return "asynq:{" + queue + "}:unique:t:" + std::to_string(n);
}

LeaseRef ref_of(const FetchedTask& task) { return {{task.message.queue, task.message.id}, task.token}; }

// The lines that differ.
std::string difference(const std::string& subject, const std::string& model) {
  std::istringstream a(subject), b(model);
  std::ostringstream out;
  std::string left, right;
  for (int shown = 0; shown < 6;) {
    const bool more_left = static_cast<bool>(std::getline(a, left));
    const bool more_right = static_cast<bool>(std::getline(b, right));
    if (!more_left && !more_right) break;
    if (!more_left) left = "(nothing)";
    if (!more_right) right = "(nothing)";
    if (left == right) continue;
    out << "  broker: " << left << "\n  model:  " << right << '\n';
    ++shown;
  }
  return out.str();
}

}  // namespace

ModelRun::ModelRun(const Row& row, std::uint64_t seed)
    : row_(row),
      random_(seed),
      store_(row.make_quick ? row.make_quick() : row.make()),
      subject_(store_->open(clock_, kPayloadMax)),
      model_(make_memory_broker(clock_, kPayloadMax)),
      entries_(row.ticks_by_queue ? kQueues : std::vector<std::string>{"e1", "e2"}) {}

void ModelRun::step() {
  struct Operation {
    unsigned weight;
    void (ModelRun::*run)();
  };
  static const std::vector<Operation> kOperations{
      {20, &ModelRun::enqueue},      {16, &ModelRun::fetch},         {18, &ModelRun::finish},
      {3, &ModelRun::extend},        {3, &ModelRun::update},         {8, &ModelRun::forward},
      {6, &ModelRun::recover},       {3, &ModelRun::clean},          {5, &ModelRun::take_group},
      {4, &ModelRun::finish_group},  {1, &ModelRun::release_group},  {7, &ModelRun::act},
      {3, &ModelRun::bulk},          {2, &ModelRun::update_payload}, {3, &ModelRun::pause_or_resume},
      {1, &ModelRun::remove_queue},  {3, &ModelRun::keep_alive},     {1, &ModelRun::clear_server},
      {3, &ModelRun::list_filtered}, {1, &ModelRun::misuse_cursor},  {6, &ModelRun::probe_locks},
      {16, &ModelRun::move_clock},
  };
  unsigned total = 0;
  for (const Operation& operation : kOperations) total += operation.weight;
  std::uint64_t pick = random_.below(total);
  const auto chosen = std::ranges::find_if(kOperations, [&](const Operation& operation) {
    if (pick < operation.weight) return true;
    pick -= operation.weight;
    return false;
  });
  ++steps_;
  (this->*chosen->run)();
  const std::size_t page = one_of<std::size_t>({3, 20, 1000});
  compare(observe(*subject_, entries_, page), observe(*model_, entries_, 1000), "what is seen afterwards");
  check_consistency();
}

// --------------------------------------------------------------------------------------------------------- comparing

template <class Verb>
auto ModelRun::both(const std::string& what, const Verb& verb) {
  auto subject = verb(*subject_);
  auto model = verb(*model_);
  note(what + " -> " + to_text(model));
  compare(to_text(subject), to_text(model), "the answer");
  return Both<decltype(subject)>{std::move(subject), std::move(model)};
}

void ModelRun::compare(const std::string& subject, const std::string& model, const std::string& where) {
  if (subject != model) fail(where + " differs:\n" + difference(subject, model));
}

void ModelRun::note(const std::string& text) {
  log_.push_back(std::to_string(steps_) + ": " + text);
  if (log_.size() > kLogKept) log_.pop_front();
}

void ModelRun::fail(const std::string& why) const {
  std::string text = "after step " + std::to_string(steps_) + " " + why + "the last operations:\n";
  for (const std::string& line : log_) text += "  " + line + '\n';
  throw std::runtime_error(text);
}

// What is seen is consistent in itself. Looks at the model, because both have just been seen to be the same.
void ModelRun::check_consistency() {
  const std::vector<std::string> queues = model_->queues().value_or({});
  for (const std::string& queue : queues) check_queue(queue);
}

void ModelRun::check_queue(const std::string& queue) {
  const QueueInfo info = model_->queue_info(queue).value_or({});
  const std::vector<std::pair<TaskState, std::uint64_t>> counts{
      {TaskState::kActive, info.active},          {TaskState::kPending, info.pending},
      {TaskState::kScheduled, info.scheduled},    {TaskState::kRetry, info.retry},
      {TaskState::kArchived, info.archived},      {TaskState::kCompleted, info.completed},
      {TaskState::kAggregating, info.aggregating}};
  std::set<std::string> seen;
  std::uint64_t sum = 0;
  for (const auto& [state, number] : counts) {
    const auto tasks = read_all(*model_, {.queue = queue, .state = state}, 1000);
    if (tasks.size() != number) fail("the count of " + std::string(task_state_name(state)) + " tasks is wrong; ");
    sum += number;
    for (const TaskInfo& task : tasks) {
      if (!seen.insert(task.id).second) fail("task " + task.id + " is in two states; ");
    }
  }
  if (sum != info.size) fail("the counts of queue " + queue + " do not add up to its size; ");
  const Counts& total = totals_[queue];
  const Counts& today = days_[{queue, core::format_date(clock_.now())}];
  if (info.processed_total != total.processed || info.failed_total != total.failed ||
      info.expired_total != total.expired || info.processed != today.processed || info.failed != today.failed ||
      info.expired != today.expired) {
    fail("the counters of queue " + queue + " are not what the outcomes add up to; ");
  }
}

void ModelRun::add_counts(const std::string& queue, const Counts& counts) {
  for (Counts* sum : {&totals_[queue], &days_[{queue, core::format_date(clock_.now())}]}) {
    sum->processed += counts.processed;
    sum->failed += counts.failed;
    sum->expired += counts.expired;
  }
}

void ModelRun::count(const Finish& item, const std::string& queue) {
  switch (item.kind) {
    case FinishKind::kDone:
    case FinishKind::kComplete: return add_counts(queue, {1, 0, 0});
    case FinishKind::kRetry: return add_counts(queue, item.charged ? Counts{1, 1, 0} : Counts{});
    case FinishKind::kArchive:
      return add_counts(queue, item.failure.kind == FailureKind::kExpired ? Counts{0, 0, 1} : Counts{1, 1, 0});
    case FinishKind::kDiscard: return add_counts(queue, {0, 0, 1});
    case FinishKind::kSnooze:
    case FinishKind::kRequeue: return;
  }
}

// --------------------------------------------------------------------------------------------------------- arguments

std::string ModelRun::pick_queue() { return chance(2) ? "nowhere" : one_of(kQueues); }

// Mostly a new id, now and then one of the last ones again.
std::string ModelRun::pick_id(const std::string& queue) {
  if (!ids_.empty() && chance(25)) {
    const std::string& used = ids_[ids_.size() - 1 - random_.below(std::min<std::size_t>(ids_.size(), 20))];
    if (!row_.ties_by_id || model_->task({queue, used}).ok()) return used;
  }
  char id[16];
  std::snprintf(id, sizeof id, "%06zu", ids_.size());
  return ids_.emplace_back(id);
}

TaskRef ModelRun::pick_task() {
  const std::string queue = pick_queue();
  if (ids_.empty() || chance(5)) return {queue, "nobody"};
  // A task that exists, as a rule: most ids have gone.
  const auto state = static_cast<TaskState>(1 + random_.below(kTaskStateCount));
  const Result<TaskPage> page = model_->list({.filter = {.queue = queue, .state = state}, .limit = 20});
  if (!page.ok() || page->tasks.empty()) return {queue, one_of(ids_)};
  return {queue, one_of(page->tasks).id};
}

TaskFilter ModelRun::pick_filter() {
  TaskFilter filter{.queue = pick_queue(), .state = static_cast<TaskState>(1 + random_.below(kTaskStateCount))};
  if (filter.state == TaskState::kAggregating && chance(50)) filter.group = one_of(kGroups);
  if (chance(25)) filter.type = one_of(kTypes);
  if (chance(25) && !ids_.empty()) filter.id_prefix = one_of(ids_).substr(0, 5);
  return filter;
}

TimePoint ModelRun::pick_time() {
  static const std::vector<Duration> kDelays{-1h, 0ns, 1ns, 1ms, 1500ms, 2s, 2s, 1min, 1h};
  return clock_.now() + one_of(kDelays);
}

NewTask ModelRun::pick_new_task(const std::string& queue) {
  NewTask task;
  core::TaskMessage& message = task.message;
  message.queue = queue;
  message.id = pick_id(message.queue);
  message.type = one_of(kTypes);
  if (!chance(10)) message.payload = Payload(chance(10) ? "" : "payload " + message.id);
  if (chance(20)) message.headers = {{"k", message.id}};
  message.max_retry = static_cast<std::int32_t>(random_.below(4));
  message.enqueued_at = clock_.now();
  if (chance(30)) message.retention = one_of<Duration>({1ms, 2s, 1min});
  if (chance(10)) message.timeout = 1500ms;
  if (chance(10)) message.deadline = clock_.now() + 1h;
  if (chance(10)) message.expires_at = clock_.now() + 1s;
  if (chance(25)) {
    task.process_at = pick_time();
    message.scheduled_at = task.process_at;
  }
  if (chance(25)) message.group = one_of(kGroups);
  if (chance(35)) {
    message.unique_key = lock_key(message.queue, random_.below(2));
    if (!chance(10)) task.unique_ttl = one_of<Duration>({1s, 1min, 24h});
  }
  if (chance(10)) {
    // Nominal times of the near past; few, so that they meet.
    task.tick = Tick{pick_entry(message.queue), testing::FakeClock::kStart + std::chrono::minutes(random_.below(8)),
                     one_of<Duration>({1min, 24h}), chance(40)};
    if (chance(70)) task.tick->previous = task.tick->nominal - 1min;
  }
  if (task.unique_ttl > 0ns) ends_.push_back(clock_.now() + task.unique_ttl);
  if (task.tick) ends_.push_back(clock_.now() + task.tick->keep);
  return task;
}

const std::string& ModelRun::pick_entry(const std::string& queue) {
  return row_.ticks_by_queue ? entries_[index_of(queue)] : one_of(entries_);
}

Finish ModelRun::pick_finish(const LeaseRef& lease) {
  static const std::vector<FinishKind> kKinds{FinishKind::kDone,   FinishKind::kComplete, FinishKind::kComplete,
                                              FinishKind::kRetry,  FinishKind::kRetry,    FinishKind::kArchive,
                                              FinishKind::kSnooze, FinishKind::kRequeue,  FinishKind::kDiscard};
  Finish item{.lease = lease, .kind = one_of(kKinds), .at = pick_time(), .charged = chance(70)};
  item.crashed = (item.kind == FinishKind::kRetry || item.kind == FinishKind::kArchive || item.kind == FinishKind::kRequeue) && chance(20);
  item.failure = {chance(25) ? FailureKind::kExpired : FailureKind::kExitCode, chance(10) ? "bad \xff" : "failed"};
  item.failure.exit_code = static_cast<int>(random_.below(3));
  if (chance(20)) item.failure.detail = "detail";
  if (chance(40)) item.result = "result " + std::to_string(steps_);
  return item;
}

// -------------------------------------------------------------------------------------------------------- operations

void ModelRun::enqueue() {
  std::vector<NewTask> tasks(random_.below(7));
  std::string what = "enqueue";
  for (NewTask& task : tasks) {
    task = pick_new_task(one_of(kQueues));
    if (chance(1)) task.message.payload = Payload(std::string(kPayloadMax + 1, 'x'));
    what += " " + task.message.queue + "/" + task.message.id;
  }
  both(what, [&](Broker& broker) { return broker.enqueue(tasks); });
}

void ModelRun::fetch() {
  FetchRequest request;
  request.max = random_.below(6);
  request.owner = "s" + std::to_string(random_.below(3)) + "." + std::to_string(generation_);
  request.lease = one_of<Duration>({1s, 5s, 1h});
  std::string what = "fetch for " + request.owner;
  for (const std::string& queue : kQueues) {
    if (chance(70)) request.queues.push_back({queue, random_.below(4)});
  }
  // What a dead owner's new tasks are worth is not defined, so one that once gave signs of life goes on doing so.
  if (beating_.contains(request.owner)) {
    both("keep_alive", [&](Broker& broker) { return broker.keep_alive(request.owner, 10s); });
  }
  const auto fetched = both(what, [&](Broker& broker) { return broker.fetch(request); });
  for (std::size_t i = 0; i < fetched.model->size(); ++i) {
    leases_.push_back({(*fetched.subject)[i], (*fetched.model)[i]});
    if (leases_.size() > kLeasesKept) leases_.erase(leases_.begin());
  }
}

void ModelRun::finish() {
  Both<std::vector<Finish>> items;
  std::string what = "finish";
  for (std::size_t n = random_.below(7); n > 0 && !leases_.empty(); --n) {
    const auto& lease = recent(leases_);
    items.model.push_back(pick_finish(ref_of(lease.model)));
    items.subject.push_back(items.model.back());
    items.subject.back().lease = ref_of(lease.subject);
    what += " " + lease.model.message.id + " as " + std::to_string(static_cast<int>(items.model.back().kind));
  }
  const auto outcomes =
      both(what, [&](Broker& broker) { return broker.finish(&broker == model_.get() ? items.model : items.subject); });
  for (std::size_t i = 0; i < items.model.size(); ++i) {
    if ((*outcomes.model)[i] == FinishOutcome::kApplied) count(items.model[i], items.model[i].lease.task.queue);
  }
}

void ModelRun::extend() {
  if (leases_.empty()) return;
  const auto& lease = recent(leases_);
  both("extend " + lease.model.message.id, [&](Broker& broker) {
    const LeaseRef ref = ref_of(&broker == model_.get() ? lease.model : lease.subject);
    return broker.extend(std::span(&ref, 1), 3s);
  });
}

void ModelRun::update() {
  if (leases_.empty()) return;
  const auto& lease = recent(leases_);
  TaskUpdate change;
  if (chance(50)) change.result = "part " + std::to_string(steps_);
  if (chance(50)) change.progress = Progress{static_cast<double>(random_.below(101)), "at work"};
  both("update " + lease.model.message.id, [&](Broker& broker) {
    TaskUpdate mine = change;
    mine.lease = ref_of(&broker == model_.get() ? lease.model : lease.subject);
    return broker.update(std::span(&mine, 1));
  });
}

void ModelRun::forward() {
  const std::size_t max = random_.below(6);
  both("forward " + std::to_string(max), [&](Broker& broker) { return broker.forward(kQueues, max); });
}

void ModelRun::recover() {
  const RecoverRequest request{
      .queues = kQueues, .max = random_.below(6), .crash_limit = static_cast<int>(random_.below(4))};
  const auto recovered = both("recover", [&](Broker& broker) { return broker.recover(request); });
  for (const RecoveredTask& task : *recovered.model) {
    if (task.archived) add_counts(task.task.queue, {1, 1, 0});
  }
}

void ModelRun::clean() {
  CleanRequest request{.queues = kQueues, .max = 1 + random_.below(4)};
  if (chance(50)) request.archive_max = random_.below(5);
  if (chance(30)) request.archive_age = 1h;
  both("clean", [&](Broker& broker) { return broker.clean(request); });
}

void ModelRun::take_group() {
  const std::string queue = pick_queue();
  const AggregationRules rules{
      .grace = one_of<Duration>({0s, 2s, 1h}), .max_delay = one_of<Duration>({0s, 3s}), .max_size = random_.below(4)};
  const Duration hold = one_of<Duration>({10s, 1h});
  const auto taken = both("take_group " + queue, [&](Broker& broker) { return broker.take_group(queue, rules, hold); });
  if (*taken.model) sets_.push_back({**taken.subject, **taken.model});
}

void ModelRun::finish_group() {
  if (sets_.empty()) return;
  const auto set = recent(sets_);
  const NewTask aggregate = pick_new_task(set.model.queue);
  const bool with_task = chance(70);
  both("finish_group " + set.model.queue + (with_task ? " with " + aggregate.message.id : ""), [&](Broker& broker) {
    return broker.finish_group(&broker == model_.get() ? set.model : set.subject, with_task ? &aggregate : nullptr);
  });
}

void ModelRun::release_group() {
  if (sets_.empty()) return;
  const auto set = recent(sets_);
  both("release_group " + set.model.queue,
       [&](Broker& broker) { return broker.release_group(&broker == model_.get() ? set.model : set.subject); });
}

void ModelRun::act() {
  std::vector<TaskRef> tasks(random_.below(4));
  const auto action = static_cast<TaskAction>(random_.below(3));
  std::string what = "act " + std::to_string(static_cast<int>(action));
  for (TaskRef& task : tasks) {
    task = pick_task();
    what += " " + task.queue + "/" + task.id;
  }
  both(what, [&](Broker& broker) { return broker.act(tasks, action); });
}

// Page by page to the end; where pages end is the broker's affair, so only the sum is compared.
void ModelRun::bulk() {
  const BulkRequest request{
      .filter = pick_filter(), .action = static_cast<TaskAction>(random_.below(3)), .max = 1 + random_.below(5)};
  both("bulk " + std::to_string(static_cast<int>(request.action)) + " " + request.filter.queue, [&](Broker& broker) {
    std::size_t applied = 0;
    BulkRequest chunk = request;
    do {
      const Result<BulkResult> result = broker.bulk(chunk);
      if (!result.ok()) return Result<std::size_t>(result.error());
      applied += result->applied;
      chunk.cursor = result->next;
    } while (!chunk.cursor.empty());
    return Result<std::size_t>(applied);
  });
}

void ModelRun::update_payload() {
  const TaskRef task = pick_task();
  const Payload payload = chance(20) ? Payload() : Payload("new " + std::to_string(steps_));
  both("update_payload " + task.id, [&](Broker& broker) { return broker.update_payload(task, payload); });
}

void ModelRun::pause_or_resume() {
  const std::string queue = pick_queue();
  const bool pause = chance(40);
  both((pause ? "pause " : "resume ") + queue,
       [&](Broker& broker) { return pause ? broker.pause(queue) : broker.resume(queue); });
}

void ModelRun::remove_queue() {
  const std::string queue = pick_queue();
  const bool force = chance(70);
  const auto removed = both("remove_queue " + queue, [&](Broker& broker) { return broker.remove_queue(queue, force); });
  if (!removed.model.ok()) return;
  // Its marks went with it: the entry is another one from now on.
  if (row_.ticks_by_queue) entries_[index_of(queue)] += "'";
  totals_.erase(queue);
  std::erase_if(days_, [&](const auto& day) { return day.first.first == queue; });
}

void ModelRun::keep_alive() {
  const std::string owner = "s" + std::to_string(random_.below(2)) + "." + std::to_string(generation_);
  beating_.insert(owner);
  both("keep_alive " + owner, [&](Broker& broker) { return broker.keep_alive(owner, 10s); });
}

void ModelRun::clear_server() {
  const std::string owner = "s" + std::to_string(random_.below(3)) + "." + std::to_string(generation_);
  ++generation_;
  both("clear_server " + owner, [&](Broker& broker) { return broker.clear_server(owner); });
}

void ModelRun::list_filtered() {
  const TaskFilter filter = pick_filter();
  if (!model_->queue_info(filter.queue).ok()) return;
  const std::size_t page = 1 + random_.below(4);
  both("list " + filter.queue, [&](Broker& broker) { return read_all(broker, filter, page); });
}

void ModelRun::misuse_cursor() {
  const TaskFilter filter{.queue = one_of(kQueues)};
  TaskFilter other = filter;
  other.state = TaskState::kArchived;
  for (Broker* broker : {subject_.get(), model_.get()}) {
    const Result<TaskPage> page = broker->list({.filter = filter, .limit = 1});
    if (!page.ok() || page->next.empty()) continue;
    const Result<TaskPage> misused = broker->list({.filter = other, .cursor = page->next, .limit = 1});
    if (misused.ok()) fail("a cursor of one listing was taken for another; ");
  }
}

// Each lock is tried with a task that goes again at once.
void ModelRun::probe_locks() {
  for (const std::string& queue : kQueues) {
    if (!model_->queue_info(queue).ok()) continue;
    for (const std::size_t n : {0u, 1u}) {
      NewTask probe;
      probe.message.id = "zzz-probe";
      probe.message.queue = queue;
      probe.message.type = "t";
      probe.message.unique_key = lock_key(queue, n);
      probe.process_at = clock_.now() + 24h * 365;
      probe.unique_ttl = 1s;
      both("probe " + probe.message.unique_key, [&](Broker& broker) { return broker.enqueue(std::span(&probe, 1)); });
      const TaskRef ref{queue, probe.message.id};
      both("delete probe", [&](Broker& broker) { return broker.act(std::span(&ref, 1), TaskAction::kDelete); });
    }
  }
}

void ModelRun::move_clock() {
  static const std::vector<Duration> kSteps{1ns, 1ms, 500ms, 1s, 1s, 2s, 10s, 1min, 10min, 13h};
  const Duration by = one_of(kSteps);
  if (chance(8)) return step_wall(chance(50) ? by : -by);
  clock_.advance(by);
  note(std::to_string(by.count()) + " ns pass");
}

// Not back to before the end of something that has ended: it is not defined whether that is there again.
void ModelRun::step_wall(Duration by) {
  if (row_.locks_end_by_server && by < 0ns) return;
  latest_ = std::max(latest_, clock_.now());
  const TimePoint to = clock_.now() + by;
  if (std::ranges::any_of(ends_, [&](TimePoint end) { return to < end && end <= latest_; })) return;
  clock_.step_wall(by);
  note("the wall clock is stepped by " + std::to_string(by.count()) + " ns");
}

}  // namespace windlass::conformance
