#include "exec/child_lane.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <new>
#include <utility>

#include "core/text.hpp"
#include "exec/crash_handler.hpp"
#include "mux/guarded_run.hpp"

namespace windlass::exec {
namespace {

thread_local ChildLane* t_lane = nullptr;
thread_local bool t_memory_refused = false;

// What a handler sees in a child.
class ChildContext final : public Context {
 public:
  ChildContext(TaskFrame task, ChildLane& lane) : task_(std::move(task)), lane_(lane) {}

  const std::string& task_id() const override { return task_.id; }
  const std::string& queue() const override { return task_.queue; }
  const std::string& type() const override { return task_.type; }
  const Payload& payload() const override { return task_.payload; }
  const Headers& headers() const override { return task_.headers; }
  int retry_count() const override { return task_.retry_count; }
  int max_retry() const override { return task_.max_retry; }
  TimePoint deadline() const override { return task_.deadline; }
  TimePoint scheduled_at() const override { return task_.scheduled_at; }
  TimePoint enqueued_at() const override { return task_.enqueued_at; }
  TimePoint started_at() const override { return task_.started_at; }
  std::stop_token stop_token() const override { return lane_.stop_token(); }
  StopReason stop_reason() const override { return lane_.stop_reason(); }
  void write_result(std::string bytes) override { lane_.report(ResultFrame{std::move(bytes)}); }
  void set_progress(double percent, std::string text) override {
    lane_.report(ProgressFrame{{percent, std::move(text)}});
  }

 private:
  const TaskFrame task_;
  ChildLane& lane_;
};

// The CPU time that this process has used, and `seconds` more: then SIGXCPU comes.
void limit_cpu(std::int64_t seconds) {
  if (seconds == 0) return;
  rusage used{};
  ::getrusage(RUSAGE_SELF, &used);
  const std::int64_t micros =
      1'000'000 * (used.ru_utime.tv_sec + used.ru_stime.tv_sec) + used.ru_utime.tv_usec + used.ru_stime.tv_usec;
  rlimit limit{};
  ::getrlimit(RLIMIT_CPU, &limit);
  limit.rlim_cur = std::min(limit.rlim_max, static_cast<rlim_t>(micros / 1'000'000 + 1 + seconds));
  ::setrlimit(RLIMIT_CPU, &limit);
}

// Bytes of memory that this process holds; 0 where it cannot be found out.
std::uint64_t resident_bytes() {
  const Fd file(::open("/proc/self/statm", O_RDONLY | O_CLOEXEC));
  char text[128] = {};
  if (!file.open() || ::read(file.get(), text, sizeof text - 1) <= 0) return 0;
  unsigned long long total = 0, resident = 0;
  if (std::sscanf(text, "%llu %llu", &total, &resident) != 2) return 0;
  return resident * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
}

// What no store would take whole.
constexpr std::size_t kFailureTextMax = 1 << 20;

void cut(std::string& text) {
  if (text.size() <= kFailureTextMax) return;
  const std::size_t more = text.size() - kFailureTextMax;
  text.resize(kFailureTextMax);
  text = core::to_valid_utf8(text) + "... (" + std::to_string(more) + " more bytes)";
}

FinishedFrame finished(const Outcome& outcome) {
  FinishedFrame frame;
  frame.kind = outcome.kind();
  frame.failure = outcome.failure();
  cut(frame.failure.message);
  cut(frame.failure.detail);
  frame.delay = outcome.delay();
  if (t_memory_refused && frame.failure.kind == FailureKind::kException) frame.failure.kind = FailureKind::kMemory;
  return frame;
}

}  // namespace

ChildLane* current_lane() { return t_lane; }

ChildLane::ChildLane(int number, Fd socket, const Mux& mux, const ChildOrders& orders)
    : number_(number), mux_(mux), orders_(orders), channel_(std::move(socket)) {
  if (!orders.memory_limited) return;
  std::set_new_handler([] {
    t_memory_refused = true;
    throw std::bad_alloc();
  });
}

void ChildLane::serve() {
  t_lane = this;
  announce_lane_thread(number_);
  for (;;) {
    Result<std::optional<Frame>> frame = channel_.receive();
    // The server is gone: the main thread hears of it, too, and ends the process.
    if (frame && !*frame) return;
    TaskFrame* const task = frame ? std::get_if<TaskFrame>(&**frame) : nullptr;
    if (task == nullptr) ::_exit(kExitConnectionLost);
    run(std::move(*task));
  }
}

void ChildLane::run(TaskFrame task) {
  begin(task.serial);
  t_memory_refused = false;
  limit_cpu(orders_.cpu_seconds);
  ChildContext ctx(std::move(task), *this);
  run_log_fields_ = internal::run_log_fields(ctx).size();
  FinishedFrame frame = finished(internal::run_guarded(mux_, ctx));
  // What the handler printed belongs to this run.
  std::cout.flush();
  std::fflush(stdout);
  if (orders_.watch_rss) frame.rss = resident_bytes();
  report(frame);
}

void ChildLane::begin(std::uint64_t serial) {
  base::Lock lock(mu_);
  serial_ = serial;
  reason_ = StopReason::kNone;
  source_ = std::stop_source();
  if (early_serial_ != serial) return;
  reason_ = early_reason_;
  source_.request_stop();
}

void ChildLane::stop(std::uint64_t serial, StopReason reason) {
  std::stop_source source(std::nostopstate);
  {
    base::Lock lock(mu_);
    if (serial != serial_) {
      early_serial_ = serial;
      early_reason_ = reason;
      return;
    }
    reason_ = reason;
    source = source_;
  }
  source.request_stop();
}

void ChildLane::report(const Frame& frame) {
  base::Lock lock(send_mu_);
  const Status sent = channel_.send(frame);
  if (sent) return;
  if (sent.error().code() != ErrorCode::kResourceExhausted) ::_exit(kExitConnectionLost);
  (void)channel_.send(
      LogFrame{LogLevel::kError, "what the handler reports is too large, and is dropped", {{"error", sent.error().message()}}});
}

std::stop_token ChildLane::stop_token() const {
  base::Lock lock(mu_);
  return source_.get_token();
}

StopReason ChildLane::stop_reason() const {
  base::Lock lock(mu_);
  return reason_;
}

}  // namespace windlass::exec
