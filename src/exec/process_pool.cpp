#include "exec/process_pool.hpp"

#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include <windlass/log.hpp>

#include "base/clock.hpp"
#include "core/text.hpp"

namespace windlass::exec {
namespace {

using std::chrono::milliseconds;

constexpr Duration kKillAfter = std::chrono::seconds(1);
// The connection of a child ends a moment before the child does.
constexpr Duration kEndAfterDisconnect = std::chrono::seconds(1);

Duration now() { return base::real_clock().steady(); }

TaskFrame task_frame(const Context& ctx, std::uint64_t serial) {
  TaskFrame frame;
  frame.serial = serial;
  frame.id = ctx.task_id();
  frame.queue = ctx.queue();
  frame.type = ctx.type();
  frame.payload = ctx.payload();
  frame.headers = ctx.headers();
  frame.retry_count = ctx.retry_count();
  frame.max_retry = ctx.max_retry();
  frame.deadline = ctx.deadline();
  frame.scheduled_at = ctx.scheduled_at();
  frame.enqueued_at = ctx.enqueued_at();
  frame.started_at = ctx.started_at();
  return frame;
}

Outcome outcome_of(FinishedFrame frame) {
  switch (frame.kind) {
    case Outcome::Kind::kDone: return Outcome::done();
    case Outcome::Kind::kFail: return Outcome::fail(std::move(frame.failure));
    case Outcome::Kind::kSkipRetry: return Outcome::skip_retry(std::move(frame.failure));
    case Outcome::Kind::kRevoke: return RevokeTask();
    case Outcome::Kind::kSnooze: return Snooze(frame.delay);
  }
  return Outcome::done();
}

void log_frame(LogFrame frame) {
  std::vector<LogField> fields;
  for (auto& [key, value] : frame.fields) fields.push_back({std::move(key), std::move(value)});
  log(frame.level, frame.message, std::move(fields));
}

// What a run reports while it goes on. False for a frame that a child must not send here.
bool pass_on(Frame& frame, Context& ctx) {
  if (auto* progress = std::get_if<ProgressFrame>(&frame)) {
    ctx.set_progress(progress->progress.percent, std::move(progress->progress.text));
  } else if (auto* result = std::get_if<ResultFrame>(&frame)) {
    ctx.write_result(std::move(result->bytes));
  } else if (auto* line = std::get_if<LogFrame>(&frame)) {
    log_frame(std::move(*line));
  } else {
    return false;
  }
  return true;
}

}  // namespace

// -------------------------------------------------------------------------------------------------------- the caller

RunReport ProcessPool::run(Context& ctx) {
  for (int attempt = 1;; ++attempt) {
    Lane* lane = nullptr;
    const auto child = acquire(lane, ctx);
    if (!child) {
      const bool may_come = child.error().code() == ErrorCode::kResourceExhausted;
      return {Outcome::fail("cannot start a handler process: " + child.error().message()),
              may_come ? ChildLoss::kNotStarted : ChildLoss::kNone};
    }
    Attempt made = run_in(**child, *lane, ctx);
    if (!made.unseen) return std::move(made.report);
    // The child has ended without having read the task, so it was not the task that ended it.
    const bool alone = made.report.loss == ChildLoss::kByThisRun;
    if (attempt < kAttempts && !ctx.stop_requested()) continue;
    return {std::move(made.report.outcome), alone ? ChildLoss::kNone : ChildLoss::kByOther};
  }
}

Result<std::shared_ptr<HandlerChild>> ProcessPool::acquire(Lane*& lane, const Context& ctx) {
  for (;;) {
    {
      base::Lock lock(mu_);
      if (closing_) return Error(ErrorCode::kClosed, "the server stops");
      if (!free_.empty()) {
        lane = free_.back();
        free_.pop_back();
        lane->serial = ++serials_;
        ++lane->child.tasks;
        return lane->child.shared_from_this();
      }
    }
    if (Status came = wait_for_lane(ctx); !came) return came.error();
  }
}

Status ProcessPool::wait_for_lane(const Context& ctx) {
  const std::stop_callback on_stop(ctx.stop_token(), [this] {
    base::Lock lock(mu_);
    changed_.notify_all();
  });
  const Duration until = now() + StartRetries::kPatience;
  base::Lock lock(mu_);
  const std::uint64_t refused_before = refused_starts_;
  ++waiting_;
  Status status;
  while (free_.empty() && !closing_ && status) {
    wake_supervisor();
    const Duration left = until - now();
    if (start_error_ && (refused_starts_ != refused_before || left <= Duration::zero())) {
      status = *start_error_;
    } else if (ctx.stop_requested()) {
      status = Error(ErrorCode::kClosed, "told to stop while it waited for one");
    } else if (start_error_) {
      changed_.wait_for(mu_, left);
    } else {
      changed_.wait(mu_);
    }
  }
  --waiting_;
  return status;
}

ProcessPool::Attempt ProcessPool::run_in(HandlerChild& child, Lane& lane, Context& ctx) {
  const bool alone = plan_.options.handlers_per_child == 1;
  child.output().begin_run(alone ? log_context() : std::vector<LogField>{{"child", std::to_string(child.pid())}});
  const std::uint64_t serial = lane.serial;
  const std::stop_callback on_stop(ctx.stop_token(), [&] { tell_to_stop(lane, serial, ctx.stop_reason()); });
  const Status sent = lane.channel.send(task_frame(ctx, serial));
  if (!sent && sent.error().code() == ErrorCode::kResourceExhausted) {
    return {finish(lane, {.kind = Outcome::Kind::kSkipRetry,
                          .failure = {FailureKind::kError, "task is too large: " + sent.error().message()}})};
  }
  for (;;) {
    Result<std::optional<Frame>> frame = lane.channel.receive();
    if (!frame) return {conclude(child, lane, "it sent what is no frame: " + frame.error().message())};
    if (!*frame) {
      const bool unread = !sent || lane.channel.left_unread();
      RunReport report = conclude(child, lane, "the handler closed its connection to the server");
      const bool unseen = unread && report.loss != ChildLoss::kNone;
      return {std::move(report), unseen};
    }
    if (auto* finished = std::get_if<FinishedFrame>(&**frame)) return {finish(lane, std::move(*finished))};
    if (!pass_on(**frame, ctx)) return {conclude(child, lane, "it sent a frame that has no place there")};
  }
}

RunReport ProcessPool::finish(Lane& lane, FinishedFrame frame) {
  HandlerChild& child = lane.child;
  const HandlerOptions& o = plan_.options;
  if (o.handlers_per_child == 1) {
    child.output().drain(true);
    if (!frame.failure.message.empty() && frame.failure.detail.empty())
      frame.failure.detail = core::to_valid_utf8(child.output().take_tail());
  }
  // What it could not get this time, the next task will miss, too.
  const bool full = frame.failure.kind == FailureKind::kMemory || (o.rss_max > 0 && frame.rss > o.rss_max);
  if (frame.failure.kind == FailureKind::kMemory) {
    frame.failure.message =
        "went over its limit of " + std::to_string(o.memory_max) + " bytes of memory: " + frame.failure.message;
  }
  base::Lock lock(mu_);
  lane.serial = 0;
  lane.escalation.end();
  if (child.retiring || full || (o.tasks_per_child > 0 && child.tasks >= o.tasks_per_child)) {
    retire(child);
  } else {
    free_.push_back(&lane);
    if (waiting_ > 0) changed_.notify_all();
  }
  lock.unlock();
  return {outcome_of(std::move(frame))};
}

// A child that takes no more runs goes when the last of them is over.
void ProcessPool::retire(HandlerChild& child) {
  child.retiring = true;
  std::erase_if(free_, [&](const Lane* lane) { return &lane->child == &child; });
  if (child.running() == 0) child.signal(SIGKILL);
}

RunReport ProcessPool::conclude(HandlerChild& child, Lane& lane, const std::string& broken) {
  base::Lock lock(mu_);
  retire(child);
  const Duration until = now() + kEndAfterDisconnect;
  while (!child.ended && now() < until) changed_.wait_for(mu_, until - now());
  if (!child.ended) {
    for (const auto& other : child.lanes()) {
      if (other->stop == ChildStop::kNone)
        other->stop = other.get() == &lane ? ChildStop::kDisconnected : ChildStop::kForOther;
    }
    child.signal(SIGKILL);
    while (!child.ended) changed_.wait(mu_);
  }
  lane.serial = 0;
  return report_child_end(child.end, lane.number, lane.stop, broken, plan_.options);
}

void ProcessPool::tell_to_stop(Lane& lane, std::uint64_t serial, StopReason reason) {
  base::Lock lock(mu_);
  if (lane.serial != serial || lane.child.ended) return;
  (void)lane.child.control().send(StopFrame{static_cast<std::uint32_t>(lane.number), serial, reason});
  const Duration grace = plan_.options.grace;
  lane.escalation.begin({.terminate = grace, .kill = grace + kKillAfter}, is_urgent(reason), now());
  wake_supervisor();
}

void ProcessPool::hurry() {
  base::Lock lock(mu_);
  for (const auto& child : children_) {
    for (const auto& lane : child->lanes()) lane->escalation.hurry(now());
  }
  wake_supervisor();
}

Duration ProcessPool::stop_time() const { return plan_.options.grace + kKillAfter; }

void ProcessPool::wake_supervisor() const {
  const std::uint64_t one = 1;
  (void)!::write(wake_.get(), &one, sizeof one);
}

std::vector<pid_t> ProcessPool::children() const {
  std::vector<pid_t> pids;
  base::Lock lock(mu_);
  for (const auto& child : children_) pids.push_back(child->pid());
  return pids;
}

// ---------------------------------------------------------------------------------------------------- the supervisor

Result<std::unique_ptr<ProcessPool>> ProcessPool::start(const HandlerOptions& options) {
  auto plan = ChildPlan::make(options);
  if (!plan) return plan.error();
  if (!options.cgroup.empty()) remove_dead_cgroups(options.cgroup);
  Fd wake(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!wake.open())
    return Error(ErrorCode::kResourceExhausted,
                 std::string("cannot open an event descriptor: ") + std::strerror(errno));
  return std::unique_ptr<ProcessPool>(new ProcessPool(*std::move(plan), std::move(wake)));
}

ProcessPool::ProcessPool(ChildPlan plan, Fd wake) : plan_(std::move(plan)), wake_(std::move(wake)) {
  supervisor_ = std::thread([this] { supervise(); });
}

ProcessPool::~ProcessPool() { close(); }

void ProcessPool::close() {
  if (!supervisor_.joinable()) return;
  {
    base::Lock lock(mu_);
    closing_ = true;
    changed_.notify_all();
  }
  wake_supervisor();
  supervisor_.join();
}

void ProcessPool::supervise() {
  for (;;) {
    start_wanted();
    {
      base::Lock lock(mu_);
      if (closing_ && children_.empty()) return;
      closing_ ? kill_all() : escalate();
    }
    watch();
  }
}

void ProcessPool::start_wanted() {
  while (may_start()) {
    auto child = HandlerChild::start(plan_);
    if (!child) return start_failed(child.error());
    base::Lock lock(mu_);
    changed_.notify_all();
    start_error_.reset();
    start_retries_.succeeded();
    for (const auto& lane : (*child)->lanes()) free_.push_back(lane.get());
    children_.push_back(*std::move(child));
  }
}

bool ProcessPool::may_start() {
  base::Lock lock(mu_);
  return !closing_ && static_cast<std::size_t>(waiting_) > free_.size() && start_after_ <= now();
}

void ProcessPool::start_failed(const Error& error) {
  const bool may_come = error.code() == ErrorCode::kResourceExhausted;
  bool first = false;
  {
    base::Lock lock(mu_);
    changed_.notify_all();
    first = !start_error_;
    start_error_ = error;
    if (may_come) start_after_ = now() + start_retries_.failed();
    else ++refused_starts_;
  }
  if (may_come && first) log_warn("cannot start a handler process, and goes on trying", {{"error", error.message()}});
}

// Waits for what comes next, and deals with it.
void ProcessPool::watch() {
  std::vector<pollfd> fds{{wake_.get(), POLLIN, 0}};
  std::vector<std::shared_ptr<HandlerChild>> children;
  int timeout = -1;
  {
    base::Lock lock(mu_);
    children = children_;
    if (const Duration at = next_look(); at != Duration::max()) {
      timeout = static_cast<int>(std::max<std::int64_t>(0, std::chrono::ceil<milliseconds>(at - now()).count()));
    }
  }
  for (const auto& child : children) {
    fds.push_back({child->pidfd(), POLLIN, 0});
    fds.push_back({child->control_open ? child->control().fd() : -1, POLLIN, 0});
    fds.push_back({child->output_open ? child->output().fd() : -1, POLLIN, 0});
  }
  if (::poll(fds.data(), fds.size(), timeout) < 0) return;
  std::uint64_t count = 0;
  if (fds[0].revents != 0) (void)!::read(wake_.get(), &count, sizeof count);
  for (std::size_t i = 0; i < children.size(); ++i) {
    const pollfd* const of_child = &fds[1 + 3 * i];
    if (of_child[1].revents != 0) hear(*children[i]);
    if (of_child[2].revents != 0) children[i]->output_open = children[i]->output().drain(false);
    if (of_child[0].revents != 0) bury(*children[i]);
  }
}

// What has come on the control socket. It must not wait for the rest of a frame: a handler may have written there.
void ProcessPool::hear(HandlerChild& child) {
  while (child.control_open) {
    const auto frame = child.control().receive_ready();
    child.control_open = frame && !child.control().is_over();
    if (!frame || !*frame) return;
    base::Lock lock(mu_);
    if (const auto* crash = std::get_if<CrashFrame>(&**frame)) {
      child.end.crash = *crash;
      // Nothing must be begun in a process that is about to end.
      retire(child);
    } else if (std::holds_alternative<HelloFrame>(**frame)) {
      child.end.served = true;
    }
  }
}

void ProcessPool::bury(HandlerChild& child) {
  // What it has left running may hold the other ends of its lanes, and would keep their runs waiting.
  child.shut_down();
  hear(child);
  HandlerChild::Rest rest = child.take_rest();
  base::Lock lock(mu_);
  retire(child);
  child.reap(std::move(rest));
  std::erase_if(children_, [&](const auto& other) { return other.get() == &child; });
  changed_.notify_all();
}

// When there is a signal to send, or a start to try again.
Duration ProcessPool::next_look() const {
  const bool wanted = static_cast<std::size_t>(waiting_) > free_.size();
  Duration next = wanted && start_after_ > now() ? start_after_ : Duration::max();
  for (const auto& child : children_) {
    for (const auto& lane : child->lanes()) next = std::min(next, lane->escalation.next());
  }
  return next;
}

// Also one that was being started when the pool was closed.
void ProcessPool::kill_all() {
  for (const auto& child : children_) {
    for (const auto& lane : child->lanes()) {
      lane->escalation.end();
      if (lane->stop == ChildStop::kNone) lane->stop = ChildStop::kKilled;
    }
    retire(*child);
    child->signal(SIGKILL);
  }
}

void ProcessPool::escalate() {
  const Duration at = now();
  for (const auto& child : children_) {
    for (const auto& lane : child->lanes()) {
      const int signal = lane->escalation.take_due(at);
      if (signal == 0) continue;
      retire(*child);
      for (const auto& other : child->lanes()) {
        if (other != lane && other->stop == ChildStop::kNone) other->stop = ChildStop::kForOther;
      }
      lane->stop = signal == SIGTERM ? ChildStop::kTerminated : ChildStop::kKilled;
      child->signal(signal);
    }
  }
}

}  // namespace windlass::exec
