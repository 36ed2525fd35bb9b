// What a handler process costs by itself: bench_processes [RUNS]
//
//   overhead     a no-op handler (payload 100 B) called on this thread, and in a child, in turns: the difference is what
//                the way there and back costs
//   replacement  from the moment in which a task is handed to a child that it crashes, to the end of the next task, in
//                the child that was started instead
//   a command    the same no-op as `windlass work --exec 'noop=true'` runs it; also on two threads, a second
//   start        the first task of a new pool: a process is started, and becomes a handler process
//   orphans      from the kill -9 of a server to the end of its child, which sleeps in a handler
#include <poll.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <windlass/log.hpp>

#include "exec/child_main.hpp"
#include "exec/command_handler.hpp"
#include "exec/process_pool.hpp"
#include "exec/spawn.hpp"
#include "mux/guarded_run.hpp"
#include "support/fake_context.hpp"

namespace {

using namespace windlass;
using Clock = std::chrono::steady_clock;
using testing::FakeContext;

constexpr int kCrashes = 100, kCommands = 1000, kOrphans = 20;
// The program as a server that is going to be killed: it prints the number of its child.
constexpr const char* kServer = "--server";

Mux handlers() {
  Mux mux;
  mux.handle("noop", [](Context&) {});
  mux.handle("crash", [](Context&) { ::raise(SIGSEGV); });
  mux.handle("sleep", [](Context& ctx) {
    ctx.write_result(std::to_string(::getpid()));
    for (;;) ::pause();
  });
  return mux;
}

const HandlerOptions kOptions{
    .isolation = Isolation::kProcess, .handlers_per_child = 1, .grace = std::chrono::seconds(5)};

template <class F>
double micros(F f) {
  const auto start = Clock::now();
  f();
  return std::chrono::duration<double, std::micro>(Clock::now() - start).count();
}

void print(const char* name, std::vector<double> values) {
  std::ranges::sort(values);
  const auto at = [&](double share) {
    return values[static_cast<std::size_t>(share * static_cast<double>(values.size() - 1))];
  };
  std::printf("%-28s p50 %9.1f us   p99 %9.1f us   most %9.1f us\n", name, at(0.5), at(0.99), at(1));
}

std::unique_ptr<exec::ProcessPool> pool() {
  auto started = exec::ProcessPool::start(kOptions);
  if (!started) {
    std::fprintf(stderr, "bench_processes: %s\n", started.error().message().c_str());
    std::exit(1);
  }
  return *std::move(started);
}

void serve_until_killed() {
  FakeContext sleep("sleep");
  const auto children = pool();
  sleep.on_result = [&] {
    std::printf("%d\n", children->children().at(0));
    std::fflush(stdout);
  };
  children->run(sleep);
}

double orphan_micros() {
  auto server = exec::spawn_child({"/proc/self/exe", kServer}, exec::environment_with({}));
  if (!server) std::exit(1);
  pollfd said{server->output.get(), POLLIN, 0};
  ::poll(&said, 1, -1);
  char text[32] = {};
  (void)!::read(said.fd, text, sizeof text - 1);
  const exec::Fd child(static_cast<int>(::syscall(SYS_pidfd_open, std::atoi(text), 0)));
  pollfd ended{child.get(), POLLIN, 0};
  return micros([&] {
    ::kill(server->pid, SIGKILL);
    ::poll(&ended, 1, -1);
    ::waitpid(server->pid, nullptr, 0);
  });
}

// On two threads at once.
double commands_a_second(const Handler& run_command) {
  FakeContext noop("noop", std::string(100, 'x'));
  const double took = micros([&] {
    std::jthread other([&] {
      for (int i = 0; i < kCommands; ++i) run_command(noop);
    });
    for (int i = 0; i < kCommands; ++i) run_command(noop);
  });
  return 2 * kCommands / took * 1e6;
}

}  // namespace

int main(int argc, char** argv) {
  const Mux mux = handlers();
  exec::serve_if_child(mux);
  if (argc > 1 && std::string(argv[1]) == kServer) return serve_until_killed(), 0;
  const int runs = argc > 1 ? std::max(1, std::atoi(argv[1])) : 50'000;
  set_log_level(LogLevel::kOff);
  FakeContext noop("noop", std::string(100, 'x')), crash("crash");

  std::vector<double> here, child, command, replaced, start;
  for (int i = 0; i < 20; ++i) {
    const auto fresh = pool();
    start.push_back(micros([&] { fresh->run(noop); }));
  }
  const auto warm = pool();
  warm->run(noop);
  for (int i = 0; i < runs; ++i) {
    here.push_back(micros([&] { internal::run_guarded(mux, noop); }));
    child.push_back(micros([&] { warm->run(noop); }));
  }
  for (int i = 0; i < kCrashes; ++i) {
    replaced.push_back(micros([&] {
      warm->run(crash);
      warm->run(noop);
    }));
  }
  exec::CommandHandlerSpec truth;
  truth.argv = {"true"};
  const Handler run_command = exec::command_handler(truth);
  for (int i = 0; i < kCommands; ++i) command.push_back(micros([&] { run_command(noop); }));
  std::vector<double> orphans;
  for (int i = 0; i < kOrphans; ++i) orphans.push_back(orphan_micros());
  print("on this thread", here);
  print("in a child", child);
  print("a command", command);
  print("crash to end of next task", replaced);
  print("first task of a new child", start);
  print("kill -9 to end of its child", orphans);
  std::printf("%-28s %.0f\n", "commands a second, 2 threads", commands_a_second(run_command));
}
