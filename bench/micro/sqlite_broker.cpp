// bench_sqlite: how fast the SQLite broker is, beside the disk it runs on.
//
//   bench_sqlite [FOLDER] [--durability full|normal|off] [--seconds S] [--only NAME]
//
// Each figure stands beside a loop of fdatasync on the same disk in the same run, because disks differ and waver.
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "broker/sqlite/sqlite_broker.hpp"
#include "core/ids.hpp"

namespace {

using namespace windlass;
using namespace windlass::broker;
using SteadyClock = std::chrono::steady_clock;

struct Settings {
  std::filesystem::path folder = ".";
  Durability durability = Durability::kFull;
  double seconds = 2;
  std::string only;
};

double seconds_since(SteadyClock::time_point start) {
  return std::chrono::duration<double>(SteadyClock::now() - start).count();
}

// Milliseconds.
double quantile(std::vector<double>& sorted, double q) {
  return sorted.empty() ? 0 : sorted[static_cast<std::size_t>(q * static_cast<double>(sorted.size() - 1))] * 1000;
}

NewTask small_task() {
  const TimePoint now = base::real_clock().now();
  NewTask task;
  task.message.id = core::new_uuid(now);
  task.message.queue = "default";
  task.message.type = "bench:noop";
  task.message.payload = Payload(std::string(100, 'x'));
  task.message.timeout = std::chrono::minutes(30);
  task.message.enqueued_at = now;
  return task;
}

std::vector<NewTask> small_tasks(std::size_t n) {
  std::vector<NewTask> tasks;
  for (std::size_t i = 0; i < n; ++i) tasks.push_back(small_task());
  return tasks;
}

template <class T>
T must(Result<T> result) {
  if (result) return std::move(*result);
  std::fprintf(stderr, "bench_sqlite: %s\n", result.error().message().c_str());
  std::exit(1);
}

class Store {
 public:
  explicit Store(const Settings& settings, const char* name = "bench.db") : path_(settings.folder / name) {
    remove_files();
    DatabaseOptions options;
    options.path = path_;
    options.durability = settings.durability;
    broker_ = must(open_sqlite_broker(options, base::real_clock()));
  }
  ~Store() {
    broker_.reset();
    remove_files();
  }
  Store(const Store&) = delete;
  Store& operator=(const Store&) = delete;
  Broker& operator*() { return *broker_; }
  Broker* operator->() { return broker_.get(); }

 private:
  void remove_files() {
    for (const char* suffix : {"", "-wal", "-shm", "-windlass-lock"}) std::filesystem::remove(path_.string() + suffix);
  }
  std::filesystem::path path_;
  std::shared_ptr<Broker> broker_;
};

std::vector<Finish> done(const std::vector<FetchedTask>& tasks) {
  std::vector<Finish> items;
  for (const FetchedTask& task : tasks) {
    items.push_back({.lease = {{task.message.queue, task.message.id}, task.token}, .kind = FinishKind::kDone});
  }
  return items;
}

FetchRequest fetch_request(std::size_t max) {
  return {{{"default", max}}, max, "bench", std::chrono::seconds(30)};
}

// CPU time of this process: steadier than rates on a busy machine.
double cpu_seconds() {
  timespec t{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_nsec) / 1e9;
}

std::string cpu_note(double cpu, std::size_t tasks) {
  char text[48];
  std::snprintf(text, sizeof text, "cpu %.2f us/task  ", cpu / static_cast<double>(tasks) * 1e6);
  return text;
}

void print(std::string_view name, double rate, std::string_view note = "") {
  std::printf("%-44.*s %10.0f /s  %.*s\n", static_cast<int>(name.size()), name.data(), rate, static_cast<int>(note.size()),
              note.data());
  std::fflush(stdout);
}

std::string quantiles(std::vector<double> times) {
  std::sort(times.begin(), times.end());
  char text[96];
  std::snprintf(text, sizeof text, "p50 %.3f ms  p99 %.3f ms  max %.3f ms", quantile(times, 0.5), quantile(times, 0.99),
                quantile(times, 1));
  return text;
}

// Appends 200 bytes and syncs, over and over.
void bench_disk(const Settings& settings) {
  const std::filesystem::path path = settings.folder / "bench.sync";
  const int fd = open(path.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  std::vector<char> block(20480, 'x');
  for (const bool append : {true, false}) {
    std::vector<double> times;
    const auto start = SteadyClock::now();
    while (seconds_since(start) < settings.seconds / 2) {
      const auto begin = SteadyClock::now();
      const ssize_t n = append ? write(fd, block.data(), 200) : pwrite(fd, block.data(), block.size(), 0);
      if (n < 0 || fdatasync(fd) != 0) std::exit(1);
      times.push_back(seconds_since(begin));
    }
    const double rate = static_cast<double>(times.size()) / seconds_since(start);
    print(append ? "disk: append 200 bytes, fdatasync" : "disk: overwrite 20 KiB, fdatasync", rate, quantiles(times));
  }
  close(fd);
  std::filesystem::remove(path);
}

void bench_enqueue(const Settings& settings, std::size_t threads, std::size_t batch) {
  Store store(settings);
  std::atomic<bool> stop{false};
  std::atomic<std::size_t> total{0};
  std::vector<double> times;
  const double cpu = cpu_seconds();
  const auto start = SteadyClock::now();
  const auto work = [&](bool measure) {
    std::size_t mine = 0;
    while (!stop.load(std::memory_order_relaxed)) {
      const std::vector<NewTask> tasks = small_tasks(batch);
      const auto begin = SteadyClock::now();
      must(store->enqueue(tasks));
      if (measure) times.push_back(seconds_since(begin));
      mine += batch;
    }
    total += mine;
  };
  std::vector<std::thread> crowd;
  for (std::size_t i = 0; i < threads; ++i) crowd.emplace_back(work, i == 0);
  std::this_thread::sleep_for(std::chrono::duration<double>(settings.seconds));
  stop = true;
  for (std::thread& thread : crowd) thread.join();
  print("enqueue: " + std::to_string(threads) + " threads, batches of " + std::to_string(batch),
        static_cast<double>(total.load()) / seconds_since(start), cpu_note(cpu_seconds() - cpu, total) + quantiles(times));
}

// Enqueue, fetch and finish take turns on one thread: no two of them share a commit.
void bench_cycle(const Settings& settings, std::size_t batch) {
  Store store(settings);
  std::size_t total = 0;
  double enqueue = 0, fetch = 0, finish = 0;
  const double cpu = cpu_seconds();
  const auto start = SteadyClock::now();
  while (seconds_since(start) < settings.seconds) {
    const std::vector<NewTask> tasks = small_tasks(batch);
    const auto t0 = SteadyClock::now();
    must(store->enqueue(tasks));
    const auto t1 = SteadyClock::now();
    const std::vector<FetchedTask> fetched = must(store->fetch(fetch_request(batch)));
    const auto t2 = SteadyClock::now();
    must(store->finish(done(fetched)));
    enqueue += std::chrono::duration<double>(t1 - t0).count();
    fetch += std::chrono::duration<double>(t2 - t1).count();
    finish += seconds_since(t2);
    total += fetched.size();
  }
  char note[128];
  const auto n = static_cast<double>(total) / 1e6;
  std::snprintf(note, sizeof note, "us a task: enqueue %.2f  fetch %.2f  finish %.2f", enqueue / n, fetch / n, finish / n);
  print("life cycles one after the other, batches of " + std::to_string(batch), static_cast<double>(total) / seconds_since(start),
        cpu_note(cpu_seconds() - cpu, total) + note);
}

// A backlog worked off by one thread that fetches and `finishers` others that finish: as a server does it.
void bench_drain(const Settings& settings, std::size_t batch, std::size_t workers) {
  Store store(settings);
  const std::size_t backlog = 100000;
  for (std::size_t i = 0; i < backlog; i += 1000) must(store->enqueue(small_tasks(1000)));
  std::atomic<std::size_t> left{backlog};
  const double cpu = cpu_seconds();
  const auto start = SteadyClock::now();
  std::vector<std::thread> crowd;
  for (std::size_t i = 0; i < workers; ++i) {
    crowd.emplace_back([&] {
      while (left.load() > 0) {
        const std::vector<FetchedTask> fetched = must(store->fetch(fetch_request(batch)));
        if (fetched.empty()) return;
        must(store->finish(done(fetched)));
        left -= fetched.size();
      }
    });
  }
  for (std::thread& thread : crowd) thread.join();
  print("fetch and finish: " + std::to_string(workers) + " threads, batches of " + std::to_string(batch),
        static_cast<double>(backlog) / seconds_since(start), cpu_note(cpu_seconds() - cpu, backlog));
}

// What came of the life cycles of one store.
struct Cycles {
  std::size_t total = 0;
  double enqueue = 0, rest = 0;   // seconds

  void run(Broker& broker, double seconds) {
    const auto start = SteadyClock::now();
    while (seconds_since(start) < seconds) {
      const std::vector<NewTask> tasks = small_tasks(100);
      const auto t0 = SteadyClock::now();
      must(broker.enqueue(tasks));
      const auto t1 = SteadyClock::now();
      must(broker.finish(done(must(broker.fetch(fetch_request(100))))));
      enqueue += std::chrono::duration<double>(t1 - t0).count();
      rest += seconds_since(t1);
      total += 100;
    }
  }
};

// An empty store and a full one in turns of a quarter of a second, because disks waver.
void bench_backlog(const Settings& settings) {
  constexpr std::size_t kWaiting[] = {0, 1000000};
  Store stores[] = {Store(settings, "empty.db"), Store(settings, "full.db")};
  Cycles cycles[2];
  for (std::size_t i = 0; i < kWaiting[1]; i += 1000) must(stores[1]->enqueue(small_tasks(1000)));
  for (double left = settings.seconds; left > 0; left -= 0.25) {
    for (int i = 0; i < 2; ++i) cycles[i].run(*stores[i], 0.25);
  }
  for (int i = 0; i < 2; ++i) {
    const auto begin = SteadyClock::now();
    must(stores[i]->queue_info("default"));
    const auto total = static_cast<double>(cycles[i].total);
    char note[128];
    std::snprintf(note, sizeof note, "enqueue %.0f /s  fetch+finish %.0f /s  queue_info %.3f ms", total / cycles[i].enqueue,
                  total / cycles[i].rest, seconds_since(begin) * 1000);
    print("life cycles over " + std::to_string(kWaiting[i]) + " waiting, batches of 100",
          total / (cycles[i].enqueue + cycles[i].rest), note);
  }
}

// Enqueues one task every 5 ms; the time of each is in the task.
void trickle(Broker& broker, double seconds) {
  const auto start = SteadyClock::now();
  while (seconds_since(start) < seconds) {
    const std::vector<NewTask> tasks = small_tasks(1);
    must(broker.enqueue(tasks));
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
}

// Fetches and finishes until told to stop; returns how long each task had waited.
std::vector<double> serve(Broker& broker, Waiter& waiter, const std::atomic<bool>& stop) {
  std::vector<double> times;
  while (!stop.load()) {
    const std::vector<FetchedTask> fetched = must(broker.fetch(fetch_request(10)));
    for (const FetchedTask& task : fetched) {
      times.push_back(std::chrono::duration<double>(base::real_clock().now() - task.message.enqueued_at).count());
    }
    if (fetched.empty()) {
      waiter.wait(base::real_clock().now() + std::chrono::seconds(1));
    } else {
      must(broker.finish(done(fetched)));
    }
  }
  return times;
}

void bench_pick_up(const Settings& settings, bool other_process) {
  DatabaseOptions options;
  options.path = settings.folder / "bench-pick-up.db";
  options.durability = settings.durability;
  const auto open_here = [&] { return must(open_sqlite_broker(options, base::real_clock())); };
  // Forked before any thread or connection exists.
  const pid_t child = other_process ? fork() : -1;
  if (child == 0) {
    trickle(*open_here(), settings.seconds);
    _exit(0);
  }
  const std::shared_ptr<Broker> broker = open_here();
  const std::unique_ptr<Waiter> waiter = broker->make_waiter({"default"}, WaitFor::kPending);
  std::atomic<bool> stop{false};
  std::vector<double> times;
  std::thread server([&] { times = serve(*broker, *waiter, stop); });
  if (other_process) {
    waitpid(child, nullptr, 0);
  } else {
    trickle(*broker, settings.seconds);
  }
  stop = true;
  waiter->wake();
  server.join();
  print(other_process ? "pick-up on an idle queue, other process" : "pick-up on an idle queue, same process",
        static_cast<double>(times.size()) / settings.seconds, quantiles(times));
  for (const char* suffix : {"", "-wal", "-shm", "-windlass-lock"}) std::filesystem::remove(options.path + suffix);
}

// Two processes that enqueue singly into one file.
void bench_processes(const Settings& settings) {
  const std::filesystem::path path = settings.folder / "bench-two.db";
  const auto run = [&](std::vector<double>& times) {
    DatabaseOptions options;
    options.path = path;
    options.durability = settings.durability;
    const std::shared_ptr<Broker> broker = must(open_sqlite_broker(options, base::real_clock()));
    const auto start = SteadyClock::now();
    while (seconds_since(start) < settings.seconds) {
      const std::vector<NewTask> tasks = small_tasks(1);
      const auto begin = SteadyClock::now();
      must(broker->enqueue(tasks));
      times.push_back(seconds_since(begin));
    }
  };
  const pid_t child = fork();
  std::vector<double> times;
  run(times);
  const std::string note = (child == 0 ? "second: " : "first: ") + quantiles(times);
  print("two processes, each one by one", static_cast<double>(times.size()) / settings.seconds, note);
  if (child == 0) _exit(0);
  waitpid(child, nullptr, 0);
  for (const char* suffix : {"", "-wal", "-shm", "-windlass-lock"}) std::filesystem::remove(path.string() + suffix);
}

long resident_kib() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with("VmRSS:")) return std::atol(line.c_str() + 6);
  }
  return 0;
}

void bench_memory(const Settings& settings) {
  const long before = resident_kib();
  Store store(settings);
  must(store->enqueue(small_tasks(1)));
  must(store->finish(done(must(store->fetch(fetch_request(1))))));
  must(store->queue_info("default"));
  std::printf("%-44s %10ld KiB, opening and using a broker added %ld KiB\n", "resident memory", resident_kib(),
              resident_kib() - before);
}

Settings parse(int argc, char** argv) {
  Settings settings;
  for (int i = 1; i < argc; ++i) {
    const std::string_view arg = argv[i];
    const std::string_view value = i + 1 < argc ? argv[i + 1] : "";
    if (arg == "--durability") {
      settings.durability = value == "off" ? Durability::kOff : value == "normal" ? Durability::kNormal : Durability::kFull;
      ++i;
    } else if (arg == "--seconds") {
      settings.seconds = std::atof(argv[++i]);
    } else if (arg == "--only") {
      settings.only = value;
      ++i;
    } else {
      settings.folder = arg;
    }
  }
  return settings;
}

}  // namespace

int main(int argc, char** argv) {
  const Settings settings = parse(argc, argv);
  const std::vector<std::pair<std::string, std::function<void()>>> benches = {
      {"memory", [&] { bench_memory(settings); }},
      {"disk", [&] { bench_disk(settings); }},
      {"one", [&] { bench_enqueue(settings, 1, 1); }},
      {"threads", [&] { bench_enqueue(settings, 64, 1); }},
      {"batch", [&] { bench_enqueue(settings, 1, 100); }},
      {"batch1000", [&] { bench_enqueue(settings, 1, 1000); }},
      {"cycle", [&] { bench_cycle(settings, 100); }},
      {"cycle1000", [&] { bench_cycle(settings, 1000); }},
      {"drain", [&] { bench_drain(settings, 100, 2); }},
      {"processes", [&] { bench_processes(settings); }},
      {"pickup", [&] { bench_pick_up(settings, false); }},
      {"pickup2", [&] { bench_pick_up(settings, true); }},
      {"backlog", [&] { bench_backlog(settings); }},
  };
  for (const auto& [name, run] : benches) {
    if (settings.only.empty() || settings.only == name) run();
  }
}
