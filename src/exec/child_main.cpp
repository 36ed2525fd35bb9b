#include "exec/child_main.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <windlass/log.hpp>

#include "exec/child_lane.hpp"
#include "exec/child_orders.hpp"
#include "exec/crash_handler.hpp"
#include "mux/guarded_run.hpp"

namespace windlass::exec {
namespace {

// Lines of handlers go to the server, with the task they belong to; those of other threads to standard error, which the
// server reads as well.
class LaneSink final : public LogSink {
 public:
  void write(const LogRecord& record) override {
    ChildLane* const lane = current_lane();
    if (lane == nullptr) return other_->write(record);
    LogFrame frame{record.level, std::string(record.message), {}};
    const auto add = [&](const std::vector<LogField>& fields, std::size_t from) {
      for (std::size_t i = from; i < fields.size(); ++i) frame.fields.emplace_back(fields[i].key, fields[i].value);
    };
    // The server puts the fields of the run in front itself.
    if (record.context != nullptr) add(*record.context, lane->run_log_fields());
    if (record.fields != nullptr) add(*record.fields, 0);
    lane->report(frame);
  }

 private:
  const std::shared_ptr<LogSink> other_ = make_stream_sink(STDERR_FILENO, LogFormat::kText);
};

// Everyone in this process group: this process, and what its handlers have started.
[[noreturn]] void end_group() {
  ::kill(0, SIGKILL);
  ::_exit(kExitConnectionLost);
}

// The server's death comes as this signal, see ProcessPool: it is told of a second way, for a child that does not hear
// the first.
void on_server_death(int) { ::kill(0, SIGKILL); }

// A SIGTERM is obeyed if the server sent it. Others come from who stops the whole service at once, as systemd does: the
// server hears that, too, and lets running handlers end.
void on_terminate(int signal, siginfo_t* info, void*) {
  if (info->si_pid != ::getppid()) return;
  ::signal(signal, SIG_DFL);
  ::raise(signal);
}

void install_signal_handlers() {
  ::signal(kServerDeathSignal, on_server_death);
  struct sigaction terminate {};
  terminate.sa_sigaction = on_terminate;
  terminate.sa_flags = SA_SIGINFO | SA_RESTART;
  ::sigemptyset(&terminate.sa_mask);
  ::sigaction(SIGTERM, &terminate, nullptr);
}

Fd take_descriptor(int number) {
  ::fcntl(number, F_SETFD, FD_CLOEXEC);
  return Fd(number);
}

[[noreturn]] void serve(const Mux& given, const ChildOrders& orders) {
  // Never destroyed: threads use them until the very end.
  const Mux& mux = *new Mux(given);
  Channel& control = *new Channel(take_descriptor(kControlFd));
  auto& lanes = *new std::vector<std::unique_ptr<ChildLane>>;
  const ChildOrders& kept = *new ChildOrders(orders);
  for (int i = 0; i < orders.lanes; ++i) {
    lanes.push_back(std::make_unique<ChildLane>(i, take_descriptor(kFirstLaneFd + i), mux, kept));
  }
  install_signal_handlers();
  install_crash_handler(control.fd(), orders.memory_limited);
  std::setvbuf(stdout, nullptr, _IOLBF, 0);
  set_log_sink(std::make_shared<LaneSink>());
  // Before the lanes: one of them may end the process at once.
  if (!control.send(HelloFrame{})) end_group();
  for (const auto& lane : lanes) std::thread([l = lane.get()] { l->serve(); }).detach();
  for (;;) {
    const auto frame = control.receive();
    if (!frame) ::_exit(kExitConnectionLost);  // closed by a handler: the server lives, and will see to the group
    if (!*frame) end_group();
    const StopFrame* const stop = std::get_if<StopFrame>(&**frame);
    if (stop != nullptr && stop->lane < lanes.size()) lanes[stop->lane]->stop(stop->serial, stop->reason);
  }
}

}  // namespace

void serve_if_child(const Mux& mux) {
  const char* const text = std::getenv(kChildVariable);
  if (text == nullptr) return;
  const Result<ChildOrders> orders = parse_orders(text);
  if (!orders) {
    std::fprintf(stderr, "cannot serve as a handler process: %s\n", orders.error().message().c_str());
    ::_exit(kExitBadOrders);
  }
  // Another program's environment may have been copied from a child's.
  struct stat control {};
  if (::fstat(kControlFd, &control) != 0 || !S_ISSOCK(control.st_mode)) {
    std::fprintf(stderr, "%s is set, but no server has started this process: unset it\n", kChildVariable);
    ::_exit(kExitBadOrders);
  }
  // What a handler starts is no child of ours.
  ::unsetenv(kChildVariable);
  serve(mux, *orders);
}

}  // namespace windlass::exec
