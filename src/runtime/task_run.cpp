#include "runtime/task_run.hpp"

#include <algorithm>
#include <utility>

namespace windlass::runtime {

TaskRun::TaskRun(broker::FetchedTask task, std::uint64_t serial, UpdateSink& updates, bool on_loop)
    : message_(std::move(task.message)), token_(task.token), serial_(serial), crashes_(task.crashes), on_loop_(on_loop), updates_(updates) {}

TimePoint TaskRun::scheduled_at() const {
  return message_.scheduled_at != kNoTime ? message_.scheduled_at : message_.enqueued_at;
}

void TaskRun::begin(TimePoint started_at, TimePoint deadline) {
  started_at_ = started_at;
  deadline_ = deadline;
}

void TaskRun::begin_span(std::unique_ptr<trace::OpenSpan> span) {
  trace::inject(span->context(), message_.headers);
  span_ = std::move(span);
}

std::stop_token TaskRun::stop_token() const {
  base::Lock lock(mu_);
  if (!source_.stop_possible()) {
    source_ = std::stop_source();
    if (reason_.load(std::memory_order_relaxed) != StopReason::kNone) source_.request_stop();
  }
  return source_.get_token();
}

std::optional<std::stop_source> TaskRun::tell_to_stop(StopReason reason, Duration steady, bool for_good) {
  base::Lock lock(mu_);
  if (reason_.load(std::memory_order_relaxed) != StopReason::kNone) return std::nullopt;
  told_at_.store(steady.count(), std::memory_order_relaxed);
  for_good_.store(for_good, std::memory_order_relaxed);
  reason_.store(reason, std::memory_order_release);
  if (!source_.stop_possible()) return std::nullopt;
  return source_;
}

template <class Change>
void TaskRun::update(Change change) {
  {
    base::Lock lock(mu_);
    change(update_);
    if (std::exchange(sink_knows_, true)) return;
  }
  updates_.changed(*this);
}

void TaskRun::write_result(std::string bytes) {
  update([&](PendingUpdate& u) { u.result = std::move(bytes); });
}

void TaskRun::set_progress(double percent, std::string text) {
  // The negated comparison makes NaN 0.
  const double clamped = !(percent > 0) ? 0 : std::min(percent, 100.0);
  update([&](PendingUpdate& u) { u.progress = Progress{clamped, std::move(text)}; });
}

PendingUpdate TaskRun::take_update() {
  base::Lock lock(mu_);
  sink_knows_ = false;
  return std::exchange(update_, {});
}

bool TaskRun::has_update() const {
  base::Lock lock(mu_);
  return update_.result || update_.progress;
}

void TaskRun::put_back(PendingUpdate update) {
  base::Lock lock(mu_);
  sink_knows_ = true;
  if (!update_.result) update_.result = std::move(update.result);
  if (!update_.progress) update_.progress = std::move(update.progress);
}

}  // namespace windlass::runtime
