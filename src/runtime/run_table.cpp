#include "runtime/run_table.hpp"

#include <unordered_map>
#include <utility>

namespace windlass::runtime {
namespace {

bool means(const broker::CancelRequest& request, const TaskRun& run) {
  return request.task.id == run.task_id() && (request.task.queue.empty() || request.task.queue == run.queue());
}

}  // namespace

RunTable::RunTable(std::function<void()> became_empty) : became_empty_(std::move(became_empty)) {}

RunTable::~RunTable() {
  base::Lock lock(mu_);
  while (first_ != nullptr) {
    TaskRun* run = first_;
    unlink(*run);
    delete run;
  }
}

void RunTable::fetch_begins() {
  base::Lock lock(mu_);
  fetching_ = true;
}

std::size_t RunTable::fetch_ends(std::vector<std::unique_ptr<TaskRun>> runs, Duration leased_until, Duration steady) {
  std::size_t cancelled = 0;
  base::Lock lock(mu_);
  for (std::unique_ptr<TaskRun>& owned : runs) {
    TaskRun& run = *owned.release();
    run.leased_until_ = fetch_is_doubtful_ ? Duration::zero() : leased_until;
    link(run);
    for (const broker::CancelRequest& request : heard_while_fetching_) {
      if (!means(request, run) || run.stop_reason() != StopReason::kNone) continue;
      // Nobody can have asked for its token yet.
      (void)run.tell_to_stop(StopReason::kCancelled, steady, request.for_good);
      ++cancelled;
    }
  }
  heard_while_fetching_.clear();
  fetching_ = fetch_is_doubtful_ = false;
  return cancelled;
}

void RunTable::link(TaskRun& run) {
  run.next_ = first_;
  if (first_ != nullptr) first_->previous_ = &run;
  first_ = &run;
  ++size_;
}

void RunTable::unlink(TaskRun& run) {
  if (run.previous_ != nullptr) run.previous_->next_ = run.next_;
  if (run.next_ != nullptr) run.next_->previous_ = run.previous_;
  if (first_ == &run) first_ = run.next_;
  run.previous_ = run.next_ = nullptr;
  --size_;
}

void RunTable::remove(std::span<TaskRun* const> runs) {
  if (runs.empty()) return;
  bool empty = false;
  {
    base::Lock lock(mu_);
    for (TaskRun* run : runs) unlink(*run);
    empty = size_ == 0;
  }
  for (TaskRun* run : runs) delete run;
  if (empty) became_empty_();
}

std::size_t RunTable::size() const {
  base::Lock lock(mu_);
  return size_;
}

void RunTable::heard_of(Duration until, Duration steady) {
  base::Lock lock(mu_);
  if (steady >= alive_until_) {
    for (TaskRun* run = first_; run != nullptr; run = run->next_) run->leased_until_ = Duration::zero();
    fetch_is_doubtful_ = fetching_;
  }
  alive_until_ = until;
}

bool RunTable::alive(Duration steady) const {
  base::Lock lock(mu_);
  return steady < alive_until_;
}

bool RunTable::surely_owns(const TaskRun& run, Duration steady) const {
  base::Lock lock(mu_);
  return !run.disowned() && steady < run.leased_until_ && steady < alive_until_;
}

std::vector<LeaseDue> RunTable::leases_due(Duration before) const {
  std::vector<LeaseDue> due;
  base::Lock lock(mu_);
  for (const TaskRun* run = first_; run != nullptr; run = run->next_) {
    if (run->leased_until_ < before && !run->disowned()) due.push_back({run->serial(), run->lease()});
  }
  return due;
}

std::vector<std::stop_source> RunTable::extended(std::span<const LeaseDue> leases, const std::vector<bool>& held,
                                                 Duration until, Duration steady, std::size_t& lost) {
  // By serial: a run that was finished meanwhile is gone, and its memory may be another's.
  std::unordered_map<std::uint64_t, bool> answers;
  for (std::size_t i = 0; i < leases.size(); ++i) answers.emplace(leases[i].serial, held[i]);
  std::vector<std::stop_source> to_stop;
  lost = 0;
  base::Lock lock(mu_);
  for (TaskRun* run = first_; run != nullptr; run = run->next_) {
    const auto answer = answers.find(run->serial());
    if (answer == answers.end()) continue;
    if (answer->second) {
      run->leased_until_ = until;
      continue;
    }
    ++lost;
    run->disown();
    if (auto source = run->tell_to_stop(StopReason::kLeaseLost, steady)) to_stop.push_back(std::move(*source));
  }
  return to_stop;
}

std::vector<std::stop_source> RunTable::cancel(std::span<const broker::CancelRequest> requests, Duration steady,
                                               std::size_t& told) {
  std::unordered_multimap<std::string_view, const broker::CancelRequest*> by_id;
  for (const broker::CancelRequest& request : requests) by_id.emplace(request.task.id, &request);
  std::vector<std::stop_source> sources;
  told = 0;
  base::Lock lock(mu_);
  if (fetching_) heard_while_fetching_.insert(heard_while_fetching_.end(), requests.begin(), requests.end());
  for (TaskRun* run = first_; run != nullptr; run = run->next_) {
    const auto [begin, end] = by_id.equal_range(run->task_id());
    for (auto it = begin; it != end; ++it) {
      if (!means(*it->second, *run) || run->stop_reason() != StopReason::kNone) continue;
      ++told;
      if (auto source = run->tell_to_stop(StopReason::kCancelled, steady, it->second->for_good)) {
        sources.push_back(std::move(*source));
      }
    }
  }
  return sources;
}

}  // namespace windlass::runtime
