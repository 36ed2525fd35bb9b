#include "load.hpp"

#include <sys/resource.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <condition_variable>
#include <filesystem>
#include <fstream>
#include <mutex>
#include <sstream>
#include <thread>
#include <vector>

#include <windlass/client.hpp>
#include <windlass/inspector.hpp>
#include <windlass/server.hpp>

#include "exec/fd.hpp"
#include "load_producer.hpp"

namespace windlass::app {
namespace {

using namespace std::chrono_literals;
using Steady = std::chrono::steady_clock;

constexpr int kLatencyTasks = 500;

double seconds_since(Steady::time_point start) { return std::chrono::duration<double>(Steady::now() - start).count(); }

double cpu_seconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& t) { return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6; };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

double resident_mib() {
  std::ifstream statm("/proc/self/statm");
  double size = 0, resident = 0;
  statm >> size >> resident;
  return resident * static_cast<double>(sysconf(_SC_PAGESIZE)) / (1024 * 1024);
}

Quantiles quantiles(std::vector<double> values) {
  Quantiles q;
  if (values.empty()) return q;
  std::sort(values.begin(), values.end());
  const auto at = [&](double share) { return values[static_cast<std::size_t>(share * static_cast<double>(values.size() - 1))]; };
  q.p50 = at(0.50);
  q.p99 = at(0.99);
  q.min = values.front();
  q.max = values.back();
  return q;
}

// What the disk itself can do: appends of 200 bytes to a nameless file, each followed by fdatasync.
class Disk {
 public:
  static Result<Disk> open(const std::string& folder) {
    std::string path = folder + "/windlass-bench-XXXXXX";
    exec::Fd file(mkstemp(path.data()));
    if (!file.open()) return Error(ErrorCode::kPermissionDenied, "cannot write in " + folder);
    unlink(path.c_str());
    return Disk(std::move(file));
  }
  Status sync_one() {
    const std::string bytes(200, 'x');
    if (write(file_.get(), bytes.data(), bytes.size()) == static_cast<ssize_t>(bytes.size()) && fdatasync(file_.get()) == 0) {
      return {};
    }
    return Error(ErrorCode::kResourceExhausted, "cannot write to a file next to the store");
  }

 private:
  explicit Disk(exec::Fd file) : file_(std::move(file)) {}

  exec::Fd file_;
};

// How often something was done, and how long that took.
struct Pace {
  std::size_t count = 0;
  double seconds = 0;

  // Does it again and again for about so long.
  template <class F>
  Status keep_on(double length, F&& once) {
    const auto start = Steady::now();
    double passed = 0;
    for (; passed < length; passed = seconds_since(start), ++count) {
      if (const Status s = once(); !s) return s;
    }
    seconds += passed;
    return {};
  }
  double per_second() const { return static_cast<double>(count) / seconds; }
};

// The folder of the broker's file; empty for a store without one.
std::string folder_of(const BrokerPtr& broker) {
  const auto facts = Inspector(broker).describe();
  if (!facts) return "";
  for (const auto& [key, value] : *facts) {
    if (key == "path") return std::filesystem::absolute(value).parent_path().string();
  }
  return "";
}

// Counts handler runs, and lets one thread wait for a number of them.
class Counter {
 public:
  void add() {
    if (count_.fetch_add(1, std::memory_order_relaxed) + 1 == target_.load(std::memory_order_relaxed)) {
      std::lock_guard lock(mu_);
      reached_.notify_all();
    }
  }
  std::size_t count() const { return count_.load(std::memory_order_relaxed); }
  // False if it took longer than `limit`.
  bool wait_for(std::size_t target, std::chrono::seconds limit) {
    std::unique_lock lock(mu_);
    target_ = target;
    const auto give_up = Steady::now() + limit;
    while (count_ < target) {
      // The short sleep closes the gap between setting the target and the run that reaches it.
      reached_.wait_for(lock, 20ms);
      if (Steady::now() > give_up) return false;
    }
    return true;
  }

 private:
  std::atomic<std::size_t> count_{0}, target_{0};
  std::mutex mu_;
  std::condition_variable reached_;
};

class Load {
 public:
  Load(const BrokerPtr& broker, const LoadOptions& options)
      : broker_(broker), client_(broker), options_(options), payload_(std::string(options.payload, 'x')) {
    prefix_ = "windlass-bench-" + std::to_string(getpid()) + "-" +
              std::to_string(std::chrono::system_clock::now().time_since_epoch().count()) + "-";
  }
  ~Load() {
    const Inspector inspector(broker_);
    for (const std::string& queue : used_) (void)inspector.remove_queue(queue, true);
  }

  Result<double> idle_server() {
    Server server = make_server("idle");
    if (const Status s = server.start(no_op()); !s) return s.error();
    std::this_thread::sleep_for(300ms);  // lets its threads settle
    return resident_mib();
  }

  // One caller that waits for each call, in turns of 100 ms with the disk by itself, if there is one.
  Status single(LoadFigures& figures) {
    const std::string queue = use("single");
    const Task task("bench", payload_);
    const std::string folder = folder_of(broker_);
    std::optional<Disk> disk;
    if (!folder.empty()) {
      Result<Disk> opened = Disk::open(folder);
      if (!opened) return opened.error();
      disk = std::move(*opened);
    }
    Pace enqueued, synced;
    while (enqueued.seconds < options_.phase_seconds) {
      const Status s = enqueued.keep_on(0.1, [&]() -> Status {
        const Result<TaskInfo> r = client_.enqueue(task, EnqueueOptions().queue(queue));
        return r ? Status() : Status(r.error());
      });
      if (!s) return s;
      if (!disk) continue;
      if (const Status t = synced.keep_on(0.1, [&] { return disk->sync_one(); }); !t) return t;
    }
    figures.enqueue_single_per_s = enqueued.per_second();
    if (disk) figures.disk_syncs_per_s = synced.per_second();
    return {};
  }

  // `threads` callers, each of which waits for its own call, for the length of a phase. 0 = batches of 100 from one caller.
  Result<double> enqueue(const std::string& name, int threads) {
    const std::string queue = use(name);
    std::atomic<std::size_t> total{0};
    std::mutex mu;
    std::optional<Error> failed;
    const auto start = Steady::now();
    const auto caller = [&] {
      const std::vector<Task> batch(threads == 0 ? 100 : 1, Task("bench", payload_, EnqueueOptions().queue(queue)));
      while (seconds_since(start) < options_.phase_seconds) {
        for (const Result<TaskInfo>& r : client_.enqueue_batch(batch)) {
          if (r) continue;
          std::lock_guard lock(mu);
          if (!failed) failed = r.error();
          return;
        }
        total += batch.size();
      }
    };
    std::vector<std::thread> callers;
    for (int i = 0; i < std::max(threads, 1); ++i) callers.emplace_back(caller);
    for (std::thread& t : callers) t.join();
    if (failed) return *failed;
    return static_cast<double>(total) / seconds_since(start);
  }

  Status fill(const std::string& queue, std::size_t count) { return fill(EnqueueOptions().queue(queue), count); }
  Status fill(const EnqueueOptions& options, std::size_t count) {
    const std::vector<Task> batch(1000, Task("bench", payload_, options));
    for (std::size_t done = 0; done < count;) {
      const std::size_t n = std::min(batch.size(), count - done);
      for (const Result<TaskInfo>& r : client_.enqueue_batch(std::span(batch).first(n))) {
        if (!r) return r.error();
      }
      done += n;
    }
    return {};
  }

  // Fills a queue, and measures how fast a server empties it.
  Result<double> process(const std::string& name, double& cpu_us_per_task) {
    const std::string queue = use(name);
    if (const Status s = fill(queue, options_.tasks); !s) return s.error();
    return drain(name, options_.tasks, options_.tasks, cpu_us_per_task);
  }

  // How fast a server processes `count` of the `size` tasks in the queue.
  Result<double> drain(const std::string& name, std::size_t count, std::size_t size, double& cpu_us_per_task) {
    Counter counter;
    Mux mux;
    mux.handle("bench", [&](Context&) { counter.add(); });
    Server server = make_server(name);
    const double cpu = cpu_seconds();
    const auto start = Steady::now();
    if (const Status s = server.start(mux); !s) return s.error();
    if (!counter.wait_for(count, 600s)) return Error(ErrorCode::kUnavailable, "the queue was not drained within 600 s");
    // To the end means until the last outcome is written, not until the last handler has returned.
    if (count == size) {
      if (const Status s = server.wait_until_empty(); !s) return s.error();
    }
    const double seconds = seconds_since(start);
    cpu_us_per_task = (cpu_seconds() - cpu) * 1e6 / static_cast<double>(count);
    return static_cast<double>(count) / seconds;
  }

  Result<double> life_cycle() {
    const std::string queue = use("life");
    Counter counter;
    Mux mux;
    mux.handle("bench", [&](Context&) { counter.add(); });
    Server server = make_server("life");
    const auto start = Steady::now();
    if (const Status s = server.start(mux); !s) return s.error();
    if (const Status s = fill_in_hundreds(queue, options_.tasks); !s) return s.error();
    if (!counter.wait_for(options_.tasks, 600s)) return Error(ErrorCode::kUnavailable, "the tasks were not done within 600 s");
    if (const Status s = server.wait_until_empty(); !s) return s.error();
    return static_cast<double>(options_.tasks) / seconds_since(start);
  }

  // 100 tasks a second on an idle queue, from `trickle(queue, count)`. The handler reads the time of the call from the payload.
  template <class F>
  Result<Quantiles> pickup(const std::string& name, int count, F&& trickle) {
    const std::string queue = use(name);
    Latencies latencies;
    Mux mux;
    mux.handle("bench", [&](Context& ctx) {
      const auto called = Steady::time_point(std::chrono::nanoseconds(std::stoll(ctx.payload().bytes())));
      latencies.add(seconds_since(called) * 1e3);
    });
    Server server = make_server(name);
    if (const Status s = server.start(mux); !s) return s.error();
    std::this_thread::sleep_for(200ms);  // lets its threads settle
    if (const Status s = trickle(queue, count); !s) return s.error();
    return latencies.wait(static_cast<std::size_t>(count));
  }

  Client& client() { return client_; }

  // Tasks due at moments spread over two seconds, none of them a whole second.
  Result<Quantiles> delayed(int count) {
    const std::string queue = use("delayed");
    Latencies latencies;
    Mux mux;
    mux.handle("bench", [&](Context& ctx) {
      const Duration late = std::chrono::system_clock::now() - ctx.scheduled_at();
      latencies.add(std::chrono::duration<double, std::milli>(late).count());
    });
    Server server = make_server("delayed");
    if (const Status s = server.start(mux); !s) return s.error();
    for (int i = 0; i < count; ++i) {
      const Duration delay = 1s + (2s * i) / count;
      const Result<TaskInfo> r = client_.enqueue(Task("bench"), EnqueueOptions().queue(queue).process_in(delay));
      if (!r) return r.error();
    }
    return latencies.wait(static_cast<std::size_t>(count));
  }

  // `due_at_once` tasks come due at one moment, while a server processes those that were moved.
  Status due_at_once(LoadFigures& figures) {
    constexpr double kFillRate = 50'000;  // that of a store which can be measured this way
    const std::string queue = use("due");
    const double count = static_cast<double>(options_.due_at_once);
    const TimePoint due = std::chrono::time_point_cast<Duration>(std::chrono::system_clock::now()) +
                     std::chrono::milliseconds(static_cast<std::int64_t>(count / kFillRate * 1e3) + 2000);
    if (const Status s = fill(EnqueueOptions().queue(queue).process_at(due), options_.due_at_once); !s) return s;
    Counter counter;
    Mux mux;
    mux.handle("bench", [&](Context&) { counter.add(); });
    Server server = make_server("due");
    if (const Status s = server.start(mux); !s) return s;
    if (counter.count() > 0 || std::chrono::system_clock::now() > due) {
      return Error(ErrorCode::kUnavailable, "the store takes less than 50,000 tasks a second: they were due before all were there");
    }
    std::this_thread::sleep_until(due);
    const Inspector inspector(broker_);
    for (std::size_t left = 1; left > 0; std::this_thread::sleep_for(20ms)) {
      const Result<QueueInfo> info = inspector.queue(queue);
      if (!info) return info.error();
      left = static_cast<std::size_t>(info->scheduled);
      const double seconds = std::chrono::duration<double>(std::chrono::system_clock::now() - due).count();
      figures.due_moved_per_s = count / seconds;
      figures.due_processed_per_s = static_cast<double>(counter.count()) / seconds;
    }
    return {};
  }

  Status backlog(LoadFigures& figures) {
    const std::string queue = use("backlog");
    if (const Status s = fill(queue, options_.backlog); !s) return s;
    const Result<double> rate = enqueue("backlog", 0);
    if (!rate) return rate.error();
    figures.backlog_enqueue_batch_per_s = *rate;
    double cpu = 0;
    const Result<double> processed = drain("backlog", options_.backlog / 5, options_.backlog, cpu);
    if (!processed) return processed.error();
    figures.backlog_process_per_s = *processed;
    return {};
  }

 private:
  class Latencies {
   public:
    void add(double ms) {
      std::lock_guard lock(mu_);
      values_.push_back(ms);
      added_.notify_all();
    }
    Result<Quantiles> wait(std::size_t count) {
      std::unique_lock lock(mu_);
      if (!added_.wait_for(lock, 60s, [&] { return values_.size() >= count; })) {
        return Error(ErrorCode::kUnavailable, "only " + std::to_string(values_.size()) + " of " + std::to_string(count) +
                                                  " tasks ran within 60 s");
      }
      return quantiles(values_);
    }

   private:
    std::mutex mu_;
    std::condition_variable added_;
    std::vector<double> values_;
  };

  static Mux no_op() {
    Mux mux;
    mux.handle("bench", [](Context&) {});
    return mux;
  }

  std::string use(const std::string& name) {
    std::string queue = prefix_ + name;
    if (std::find(used_.begin(), used_.end(), queue) == used_.end()) used_.push_back(queue);
    return queue;
  }

  Server make_server(const std::string& name) {
    ServerConfig config;
    config.concurrency = options_.concurrency;
    config.queues = {{prefix_ + name, 1}};
    return Server(broker_, config);
  }

  Status fill_in_hundreds(const std::string& queue, std::size_t count) {
    const std::vector<Task> batch(100, Task("bench", payload_, EnqueueOptions().queue(queue)));
    for (std::size_t done = 0; done < count; done += batch.size()) {
      const std::size_t n = std::min(batch.size(), count - done);
      for (const Result<TaskInfo>& r : client_.enqueue_batch(std::span(batch).first(n))) {
        if (!r) return r.error();
      }
    }
    return {};
  }

  BrokerPtr broker_;
  Client client_;
  LoadOptions options_;
  Payload payload_;
  std::string prefix_;
  std::vector<std::string> used_;
};

// Has a command enqueue: "COMMAND QUEUE COUNT".
Status trickle_by(const std::string& command, const std::string& queue, int count) {
  if (std::system((command + " " + queue + " " + std::to_string(count)).c_str()) == 0) return {};
  return Error(ErrorCode::kUnavailable, "the command that enqueues failed: " + command);
}

std::string first_match(const char* path, std::string_view key) {
  std::ifstream in(path);
  for (std::string line; std::getline(in, line);) {
    if (line.starts_with(key)) {
      const std::size_t at = line.find_first_not_of(" \t:", line.find(':'));
      return at == std::string::npos ? "" : line.substr(at);
    }
  }
  return "unknown";
}

}  // namespace

Result<LoadFigures> run_load(const BrokerPtr& broker, Producer* producer, const LoadOptions& options,
                             const std::function<void(std::string_view)>& report) {
  Load load(broker, options);
  LoadFigures f;
  std::optional<Error> failed;
  const auto wanted = [&](std::string_view name) {
    return options.only.empty() || std::find(options.only.begin(), options.only.end(), name) != options.only.end();
  };
  const auto step = [&](std::string_view name, auto&& run) {
    if (failed) return;
    report(name);
    if (const Status s = run(); !s) failed = s.error().at(name);
  };
  const auto phase = [&](std::string_view name, auto&& run, auto& figure) {
    step(name, [&]() -> Status {
      auto result = run();
      if (!result) return result.error();
      figure = *result;
      return {};
    });
  };
  if (wanted("idle")) phase("idle server", [&] { return load.idle_server(); }, f.idle_server_mib);
  if (wanted("pickup")) {
    const auto here = [&](const std::string& queue, int count) { return trickle(load.client(), queue, count); };
    phase("pick-up latency", [&] { return load.pickup("pickup", kLatencyTasks, here); }, f.pickup_ms);
    const auto there = [&](const std::string& queue, int count) {
      return options.producer.empty() ? producer->trickle(queue, count) : trickle_by(options.producer, queue, count);
    };
    if (producer != nullptr || !options.producer.empty()) {
      phase("pick-up latency, other process", [&] { return load.pickup("pickup2", kLatencyTasks, there); },
            f.pickup_other_process_ms);
    }
  }
  if (wanted("delayed")) phase("delayed tasks", [&] { return load.delayed(kLatencyTasks); }, f.delayed_late_ms);
  if (wanted("enqueue")) {
    step("enqueue, one caller", [&] { return load.single(f); });
    phase("enqueue, 64 threads", [&] { return load.enqueue("threads", 64); }, f.enqueue_64_per_s);
    phase("enqueue, batches of 100", [&] { return load.enqueue("batch", 0); }, f.enqueue_batch_per_s);
  }
  if (wanted("process")) phase("process a full queue", [&] { return load.process("process", f.cpu_us_per_task); }, f.process_per_s);
  if (wanted("both")) phase("enqueue and process at once", [&] { return load.life_cycle(); }, f.life_cycle_per_s);
  if (options.backlog > 0) step("with a backlog", [&] { return load.backlog(f); });
  if (options.due_at_once > 0) step("due at once", [&] { return load.due_at_once(f); });
  if (failed) return *failed;
  return f;
}

std::string describe_machine() {
  utsname kernel{};
  uname(&kernel);
  std::ostringstream out;
  out << first_match("/proc/cpuinfo", "model name") << ", " << std::thread::hardware_concurrency() << " CPUs, "
      << first_match("/proc/meminfo", "MemTotal") << " memory, " << kernel.sysname << ' ' << kernel.release;
  return out.str();
}

}  // namespace windlass::app
