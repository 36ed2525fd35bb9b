// What a handler process costs by itself: bench_processes [RUNS]
//
//   overhead     a no-op handler (payload 100 B) called on this thread, and in a child, in turns: the difference is
//   what the way there
//                and back costs
//   replacement  from the moment in which a task is handed to a child that it crashes, to the end of the next task, in
//   the child that
//                was started instead
//   a command    the same no-op as `windlass work --exec 'noop=true'` runs it
//   start        the first task of a new pool: a process is started, and becomes a handler process
#include <signal.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include <windlass/log.hpp>

#include "exec/child_main.hpp"
#include "exec/command_handler.hpp"
#include "exec/process_pool.hpp"
#include "mux/guarded_run.hpp"
#include "support/fake_context.hpp"

namespace {

using namespace windlass;
using Clock = std::chrono::steady_clock;
using testing::FakeContext;

constexpr int kCrashes = 100, kCommands = 1000;

Mux handlers() {
  Mux mux;
  mux.handle("noop", [](Context&) {});
  mux.handle("crash", [](Context&) { ::raise(SIGSEGV); });
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

}  // namespace

int main(int argc, char** argv) {
  const Mux mux = handlers();
  exec::serve_if_child(mux);
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
  print("on this thread", here);
  print("in a child", child);
  print("a command", command);
  print("crash to end of next task", replaced);
  print("first task of a new child", start);
}
