// How late ticks are, and what entries cost that have nothing to do.
//
//   bench_scheduler [BROKER-URL [SECONDS]]       default: memory:, then a fresh SQLite file in the current folder; 30 seconds
//
// Lateness: 1000 entries that are due in the same second, so many seconds long. From the nominal time to when the store had
// answered the enqueue (by the post_enqueue hook), as a server could have fetched the task at the earliest. Idle:
// 10,000 entries that are not due, 5 s after the start: CPU time of the process, as parts of one core.
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include <windlass/broker.hpp>
#include <windlass/scheduler.hpp>

namespace {

using namespace std::chrono_literals;
using windlass::Duration;

double cpu_seconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

// A name that no earlier run has used: its last tick would make the time since then an outage.
std::string entry_name(int i) {
  static const std::string run = std::to_string(getpid()) + "-" + std::to_string(std::time(nullptr)) + "-";
  return run + std::to_string(i);
}

double milliseconds(Duration d) { return std::chrono::duration<double, std::milli>(d).count(); }

void measure_lateness(const windlass::BrokerPtr& broker, int entries, int seconds) {
  std::vector<Duration> late;
  std::mutex mu;
  windlass::SchedulerConfig config;
  config.post_enqueue = [&](const windlass::Tick& tick, const windlass::Result<windlass::TaskInfo>& stored) {
    if (!stored) return;
    std::lock_guard lock(mu);
    late.push_back(std::chrono::system_clock::now() - tick.nominal);
  };
  windlass::Scheduler scheduler(broker, config);
  for (int i = 0; i < entries; ++i) {
    const auto added = scheduler.add("* * * * * *", windlass::Task("t", std::string(100, 'x')),
                                     windlass::EntryOptions(entry_name(i)).seconds());
    if (!added) std::printf("%s\n", added.error().message().c_str());
  }
  const double cpu = cpu_seconds();
  if (!scheduler.start()) return;
  std::this_thread::sleep_for(std::chrono::seconds(seconds));
  scheduler.stop();
  std::ranges::sort(late);
  if (late.empty()) return;
  const auto at = [&](double q) {
    return milliseconds(late[static_cast<std::size_t>(q * static_cast<double>(late.size() - 1))]);
  };
  std::printf("  %d entries a second: %zu ticks, late by p50 %.2f ms, p99 %.2f ms, max %.2f ms; CPU a tick %.1f us\n",
              entries, late.size(), at(0.5), at(0.99), at(1),
              (cpu_seconds() - cpu) * 1e6 / static_cast<double>(late.size()));
}

void measure_idle(const windlass::BrokerPtr& broker, int entries, int seconds) {
  windlass::Scheduler scheduler(broker);
  for (int i = 0; i < entries; ++i) {
    // Once a year: nothing is due meanwhile.
    (void)scheduler
        .add("0 0 1 1 *", windlass::Task("t", std::string(100, 'x')), windlass::EntryOptions(entry_name(i)))
        .ok();
  }
  if (!scheduler.start()) return;
  std::this_thread::sleep_for(5s);
  const double cpu = cpu_seconds();
  std::this_thread::sleep_for(std::chrono::seconds(seconds));
  std::printf("  %d entries, idle: %.2f %% of one core\n", entries, (cpu_seconds() - cpu) * 100 / seconds);
  scheduler.stop();
}

int measure(const std::string& url, int seconds = 30) {
  auto broker = windlass::open_broker(url);
  if (!broker) return std::printf("%s: %s\n", url.c_str(), broker.error().message().c_str()), 1;
  std::printf("%s\n", url.c_str());
  measure_lateness(*broker, 1000, seconds);
  measure_idle(*broker, 10'000, seconds);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc > 2) return measure(argv[1], std::max(1, std::atoi(argv[2])));
  if (argc > 1) return measure(argv[1]);
  const std::string file = "bench_scheduler-" + std::to_string(getpid()) + ".db";
  const int failed = measure("memory:") + measure("sqlite:" + file);
  for (const char* suffix : {"", "-wal", "-shm"}) std::remove((file + suffix).c_str());
  return failed;
}
