// What each executor costs by itself, on the in-memory broker.
//
//   bench_executors [--tasks N] [--rounds N] [--concurrency N] [--waiting N]
//
// Rates: a queue of no-op tasks (payload 100 B) is filled, then a server empties it; the executors take turns, round by
// round, so that a machine that is busy with other things hits them alike. "metrics" and "traces" are threads with these turned on.
// The ratio is that of the medians. Waiting:
// so many coroutine handlers sleep at once; resident memory of the process before they were enqueued, and while all of
// them sleep.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <map>
#include <string>
#include <thread>
#include <vector>

#include <windlass/windlass.hpp>

namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

struct Options {
  int tasks = 200'000;
  int rounds = 7;
  int concurrency = 10;
  int waiting = 10'000;
};

struct Executor {
  const char* name;
  windlass::Mux mux;
  bool metrics = false;  // the server has some, and its calls of the broker are measured
  bool traces = false;   // each run is a span, which is thrown away
  std::vector<double> rates;
};

// Takes all spans, and keeps none.
class NoSink final : public windlass::SpanSink {
 public:
  void write(windlass::Span) override {}
};

windlass::BrokerPtr filled_broker(int tasks) {
  windlass::BrokerPtr broker = *windlass::open_broker("memory:");
  windlass::Client client(broker);
  const std::vector<windlass::Task> batch(1000, windlass::Task("noop", std::string(100, 'x')));
  for (int left = tasks; left > 0; left -= 1000) {
    const auto answers = client.enqueue_batch(std::span(batch).first(static_cast<std::size_t>(std::min(left, 1000))));
    for (const auto& answer : answers) {
      if (!answer) std::exit(1);
    }
  }
  return broker;
}

double rate(const Executor& executor, const Options& options) {
  windlass::ServerConfig config;
  config.concurrency = options.concurrency;
  if (executor.metrics) config.metrics = std::make_shared<windlass::Metrics>();
  windlass::Server server(filled_broker(options.tasks), config);
  if (executor.traces) windlass::set_span_sink(std::make_shared<NoSink>());
  const auto start = Clock::now();
  if (!server.start(executor.mux) || !server.wait_until_empty()) std::exit(1);
  windlass::set_span_sink(nullptr);
  return options.tasks / std::chrono::duration<double>(Clock::now() - start).count();
}

double median(std::vector<double> values) {
  std::ranges::sort(values);
  return values[values.size() / 2];
}

// Also what the children of this program serve.
windlass::Mux process_mux() {
  windlass::Mux mux;
  mux.handle("noop", [](windlass::Context&) {}, {.isolation = windlass::Isolation::kProcess});
  return mux;
}

void measure_rates(const Options& options) {
  std::vector<Executor> executors(5);
  executors[0].name = "threads";
  executors[0].mux.handle("noop", [](windlass::Context&) {});
  executors[1].name = "coroutines";
  executors[1].mux.handle("noop", [](windlass::Context&) -> windlass::Async<> { co_return; });
  executors[2].name = "processes";
  executors[2].mux = process_mux();
  executors[3].name = "metrics";
  executors[3].mux = executors[0].mux;
  executors[3].metrics = true;
  executors[4].name = "traces";
  executors[4].mux = executors[0].mux;
  executors[4].traces = true;
  for (int round = 0; round < options.rounds; ++round) {
    for (Executor& executor : executors) executor.rates.push_back(rate(executor, options));
  }
  for (const Executor& executor : executors) {
    std::printf("%-10s", executor.name);
    for (const double r : executor.rates) std::printf(" %8.0f", r);
    std::printf("  tasks/s; median %8.0f, of threads %.2f\n", median(executor.rates),
                median(executor.rates) / median(executors[0].rates));
  }
}

double resident_mib() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with("VmRSS:")) return std::atof(line.c_str() + 6) / 1024;
  }
  return 0;
}

void measure_waiting(const Options& options) {
  std::atomic<int> waiting = 0;
  windlass::Mux mux;
  mux.handle("noop", [&](windlass::Context&) -> windlass::Async<> {
    ++waiting;
    co_await windlass::sleep_for(2s);
  });
  const double before = resident_mib();
  windlass::ServerConfig config;
  config.concurrency = options.waiting;
  windlass::Server server(filled_broker(options.waiting), config);
  const auto start = Clock::now();
  if (!server.start(mux)) std::exit(1);
  while (waiting < options.waiting) std::this_thread::sleep_for(1ms);
  const double with_all = resident_mib();
  if (!server.wait_until_empty()) std::exit(1);
  std::printf(
      "waiting    %d at once: resident %.1f MiB, %.1f before; all done %.2f s after the start (each sleeps 2 s)\n",
      options.waiting, with_all, before, std::chrono::duration<double>(Clock::now() - start).count());
}

}  // namespace

int main(int argc, char** argv) {
  windlass::serve_if_child(process_mux());
  Options options;
  const std::map<std::string, int*> names = {{"--tasks", &options.tasks},
                                             {"--rounds", &options.rounds},
                                             {"--concurrency", &options.concurrency},
                                             {"--waiting", &options.waiting}};
  for (int i = 1; i + 1 < argc; i += 2) {
    const auto found = names.find(argv[i]);
    if (found == names.end() || std::atoi(argv[i + 1]) < 1) {
      std::fprintf(stderr, "bench_executors: no such option, or not a number from 1 on: %s %s\n", argv[i], argv[i + 1]);
      return 2;
    }
    *found->second = std::atoi(argv[i + 1]);
  }
  windlass::set_log_level(windlass::LogLevel::kWarn);
  measure_waiting(options);
  measure_rates(options);
}
