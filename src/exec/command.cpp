#include "exec/command.hpp"

#include <poll.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>
#include <optional>

#include "base/clock.hpp"
#include "exec/child_guard.hpp"
#include "exec/core_path.hpp"
#include "exec/escalation.hpp"
#include "exec/output_lines.hpp"
#include "exec/spawn.hpp"

namespace windlass::exec {
namespace {

using End = CommandResult::End;

// What a process outside the group may keep us reading after the program has ended.
constexpr std::size_t kDrainMax = 1 << 20;

Duration now() { return base::real_clock().steady(); }

// A write to a pipe whose reader is gone raises SIGPIPE on this thread; while this object lives it is held back, and
// thrown away at its end.
class HoldSigpipe {
 public:
  HoldSigpipe() {
    sigemptyset(&pipe_);
    sigaddset(&pipe_, SIGPIPE);
    ::pthread_sigmask(SIG_BLOCK, &pipe_, &before_);
  }
  ~HoldSigpipe() {
    const timespec now{};
    while (::sigtimedwait(&pipe_, nullptr, &now) > 0) {}
    ::pthread_sigmask(SIG_SETMASK, &before_, nullptr);
  }
  HoldSigpipe(const HoldSigpipe&) = delete;
  HoldSigpipe& operator=(const HoldSigpipe&) = delete;

 private:
  sigset_t pipe_{}, before_{};
};

class Run {
 public:
  // `wake` is readable when one of the tokens was set.
  Run(const CommandSpec& spec, Child child, std::stop_token stop, const Fd& wake)
      : spec_(spec),
        child_(std::move(child)),
        stop_(std::move(stop)),
        wake_(wake),
        input_(spec.input),
        lines_(spec.on_error_line, spec.error_tail_max) {
    if (spec_.timeout > Duration::zero()) timeout_at_ = now() + spec_.timeout;
    if (input_.empty()) child_.input.reset();
  }

  CommandResult run() {
    while (!step()) {}
    // The leader is dead but not reaped, so that its number still names this group and no other.
    ::kill(-child_.pid, SIGKILL);
    drain();
    if (spec_.guard) spec_.guard->remove(child_.pid);
    reap();
    lines_.end_line();
    result_.error_tail = lines_.take_tail();
    return std::move(result_);
  }

 private:
  // Waits for what comes next and deals with it. True when the program has ended.
  bool step() {
    std::array<pollfd, 5> fds{{{child_.pidfd.get(), POLLIN, 0},
                               {wake_.get(), POLLIN, 0},
                               {child_.input.get(), POLLOUT, 0},
                               {child_.output.get(), POLLIN, 0},
                               {child_.error.get(), POLLIN, 0}}};
    if (::poll(fds.data(), fds.size(), poll_timeout()) < 0) return false;
    if (fds[2].revents != 0) write_input();
    if (fds[3].revents != 0) read_output();
    if (fds[4].revents != 0) read_error();
    if (fds[0].revents != 0) return true;
    if (fds[1].revents != 0) hear_tokens();
    if (now() >= timeout_at_) begin_stop(End::kTimedOut);
    send_due_signals();
    return false;
  }

  int poll_timeout() const {
    const Duration next = std::min(stopping_ ? Duration::max() : timeout_at_, escalation_.next());
    if (next == Duration::max()) return -1;
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(next - now()).count();
    return static_cast<int>(std::clamp<std::int64_t>(left, 0, 1'000'000'000));
  }

  void hear_tokens() {
    std::uint64_t count = 0;
    (void)!::read(wake_.get(), &count, sizeof count);
    if (stop_.stop_requested()) begin_stop(End::kStopped);
    if (spec_.hurry.stop_requested()) escalation_.hurry(now());
  }

  void begin_stop(End why) {
    if (stopping_) return;
    stopping_ = why;
    const bool urgent = spec_.hurry.stop_requested() || (why == End::kStopped && spec_.stop_is_urgent && spec_.stop_is_urgent());
    escalation_.begin({.terminate = Duration::zero(), .kill = spec_.grace}, urgent, now());
  }

  // SIGCONT, too: a stopped process would sleep through its grace.
  void send_due_signals() {
    while (const int signal = escalation_.take_due(now())) {
      ::kill(-child_.pid, signal);
      ::kill(-child_.pid, SIGCONT);
      result_.killed = signal == SIGKILL;
    }
  }

  void write_input() {
    const ssize_t n = ::write(child_.input.get(), input_.data(), input_.size());
    if (n < 0 && (errno == EAGAIN || errno == EINTR)) return;
    // EPIPE and all others: the program does not want the rest.
    if (n < 0) input_ = {};
    else input_.remove_prefix(static_cast<std::size_t>(n));
    if (input_.empty()) child_.input.reset();
  }

  // The bytes read; 0 when there is nothing now. At its end the stream is closed.
  std::string_view read_some(Fd& from) {
    const ssize_t n = ::read(from.get(), buffer_.data(), buffer_.size());
    if (n > 0) return {buffer_.data(), static_cast<std::size_t>(n)};
    if (n == 0 || (errno != EAGAIN && errno != EINTR)) from.reset();
    return {};
  }

  std::size_t read_output() {
    const std::string_view bytes = read_some(child_.output);
    const std::size_t room = spec_.output_max - result_.output.size();
    result_.output += bytes.substr(0, room);
    if (bytes.size() > room) begin_stop(End::kOutputTooLong);
    return bytes.size();
  }

  std::size_t read_error() {
    const std::string_view bytes = read_some(child_.error);
    lines_.append(bytes);
    return bytes.size();
  }

  void drain() {
    for (std::size_t n = 1, sum = 0; n > 0 && sum < kDrainMax && child_.output.open(); sum += n) n = read_output();
    for (std::size_t n = 1, sum = 0; n > 0 && sum < kDrainMax && child_.error.open(); sum += n) n = read_error();
  }

  void reap() {
    siginfo_t info{};
    rusage usage{};
    // The system call tells more than the function of glibc.
    while (::syscall(SYS_waitid, P_PIDFD, child_.pidfd.get(), &info, WEXITED, &usage) != 0) {
      if (errno == EINTR) continue;
      // Only where the program that uses us ignores SIGCHLD: the kernel has thrown the status away.
      result_.error = std::string("its exit status is lost: ") + std::strerror(errno);
      return;
    }
    if (info.si_code == CLD_EXITED) result_.exit_code = info.si_status;
    else result_.signal = info.si_status;
    result_.core_dumped = info.si_code == CLD_DUMPED;
    if (result_.core_dumped) result_.core = core_path(child_.pid);
    result_.peak_memory = static_cast<std::uint64_t>(usage.ru_maxrss) << 10;
    result_.end = stopping_.value_or(info.si_code == CLD_EXITED ? End::kExited : End::kSignalled);
  }

  const CommandSpec& spec_;
  Child child_;
  const std::stop_token stop_;
  const Fd& wake_;
  std::string_view input_;
  OutputLines lines_;
  CommandResult result_;
  std::optional<End> stopping_;                // why it was told to stop, once it was
  Duration timeout_at_ = Duration::max();      // steady
  Escalation escalation_;
  std::array<char, 64 << 10> buffer_;
};

}  // namespace

CommandResult run_command(const CommandSpec& spec, std::stop_token stop) {
  CommandResult failed;
  const Fd wake(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!wake.open()) {
    failed.error = std::string("cannot open an event descriptor: ") + std::strerror(errno);
    failed.may_start_later = true;
    return failed;
  }
  const auto ring = [&wake] {
    const std::uint64_t one = 1;
    (void)!::write(wake.get(), &one, sizeof one);
  };
  const std::stop_callback on_stop(stop, ring), on_hurry(spec.hurry, ring);
  Result<Child> child = spawn_child(spec.argv, environment_with(spec.environment),
                                     {.announce_to = spec.guard ? spec.guard->announce_fd() : -1, .limits = spec.limits});
  if (!child) {
    failed.error = child.error().message();
    failed.may_start_later = child.error().code() == ErrorCode::kResourceExhausted;
    return failed;
  }
  const HoldSigpipe hold;
  return Run(spec, *std::move(child), std::move(stop), wake).run();
}

}  // namespace windlass::exec
