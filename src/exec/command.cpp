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

#include "exec/child_guard.hpp"
#include "exec/core_path.hpp"
#include "exec/output_lines.hpp"
#include "exec/spawn.hpp"

namespace windlass::exec {
namespace {

using Steady = std::chrono::steady_clock;
using End = CommandResult::End;

// What a process outside the group may keep us reading after the program has ended.
constexpr std::size_t kDrainMax = 1 << 20;
// A stopping server gives tasks back half a second after it has told their handlers: the commands must be gone by then.
constexpr Duration kUrgentGrace = std::chrono::milliseconds(300);

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
  Run(const CommandSpec& spec, Child child)
      : spec_(spec), child_(std::move(child)), input_(spec.input), lines_(spec.on_error_line, spec.error_tail_max) {
    if (spec_.timeout > Duration::zero()) limit_ = Steady::now() + spec_.timeout;
    if (input_.empty()) child_.input.reset();
  }

  CommandResult run(const Fd& stop) {
    while (!step(stop)) {}
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
  bool step(const Fd& stop) {
    std::array<pollfd, 5> fds{{{child_.pidfd.get(), POLLIN, 0},
                               {stopping_ ? -1 : stop.get(), POLLIN, 0},
                               {child_.input.get(), POLLOUT, 0},
                               {child_.output.get(), POLLIN, 0},
                               {child_.error.get(), POLLIN, 0}}};
    if (::poll(fds.data(), fds.size(), poll_timeout()) < 0) return false;
    if (fds[2].revents != 0) write_input();
    if (fds[3].revents != 0) read_output();
    if (fds[4].revents != 0) read_error();
    if (fds[0].revents != 0) return true;
    if (fds[1].revents != 0) begin_stop(End::kStopped);
    if (limit_ && Steady::now() >= *limit_) limit_passed();
    return false;
  }

  int poll_timeout() const {
    if (!limit_) return -1;
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(*limit_ - Steady::now()).count();
    return static_cast<int>(std::clamp<std::int64_t>(left, 0, 1'000'000'000));
  }

  void limit_passed() {
    if (!stopping_) return begin_stop(End::kTimedOut);
    ::kill(-child_.pid, SIGKILL);
    result_.killed = true;
    limit_.reset();
  }

  // SIGCONT, too: a stopped process would sleep through its grace.
  void begin_stop(End why) {
    if (stopping_) return;
    stopping_ = why;
    ::kill(-child_.pid, SIGTERM);
    ::kill(-child_.pid, SIGCONT);
    const bool urgent = why == End::kStopped && spec_.stop_is_urgent && spec_.stop_is_urgent();
    limit_ = Steady::now() + (urgent ? std::min<Duration>(kUrgentGrace, spec_.grace) : spec_.grace);
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
  std::string_view input_;
  OutputLines lines_;
  CommandResult result_;
  std::optional<End> stopping_;                // why it was told to stop, once it was
  std::optional<Steady::time_point> limit_;    // timeout; once stopping, the end of the grace
  std::array<char, 64 << 10> buffer_;
};

}  // namespace

CommandResult run_command(const CommandSpec& spec, std::stop_token stop) {
  CommandResult failed;
  const Fd stop_event(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!stop_event.open()) {
    failed.error = std::string("cannot open an event descriptor: ") + std::strerror(errno);
    return failed;
  }
  const std::stop_callback on_stop(stop, [&] {
    const std::uint64_t one = 1;
    [[maybe_unused]] const ssize_t n = ::write(stop_event.get(), &one, sizeof one);
  });
  Result<Child> child = spawn_child(spec.argv, environment_with(spec.environment),
                                     {.announce_to = spec.guard ? spec.guard->announce_fd() : -1, .limits = spec.limits});
  if (!child) {
    failed.error = child.error().message();
    return failed;
  }
  const HoldSigpipe hold;
  return Run(spec, *std::move(child)).run(stop_event);
}

}  // namespace windlass::exec
