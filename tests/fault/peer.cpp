// The load of a fault run, as processes of their own.
//
//   fault_peer client URL HISTORY NAME RATE [replicated]   enqueues RATE tasks a second of all kinds, until SIGTERM
//   fault_peer server URL HISTORY NAME                     runs them, and a scheduler with a tick each second, until SIGTERM
//   fault_peer both URL HISTORY NAME RATE                  both in one process
//
// HISTORY is the file that this process writes down in what it saw (history.hpp).
#include <atomic>
#include <csignal>
#include <cstdlib>
#include <iostream>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>

#include <windlass/windlass.hpp>

#include "base/random.hpp"
#include "core/text.hpp"
#include "fault/history.hpp"

namespace windlass::fault {
namespace {

using namespace std::chrono_literals;

std::atomic<bool> stopping = false;
void stop_soon(int) { stopping = true; }

void sleep_until_stopped(Duration time) {
  const auto until = std::chrono::steady_clock::now() + time;
  while (!stopping && std::chrono::steady_clock::now() < until) std::this_thread::sleep_for(5ms);
}

// ------------------------------------------------------------------------------------------------------------- client

struct Planned {
  std::string id, detail;
  Task task;
};

class Load {
 public:
  Load(const std::string& url, const std::string& history, std::string name, int rate, EnqueueDurability durability)
      : client_(*open_broker(url)), history_(history), name_(std::move(name)), rate_(rate), durability_(durability) {}

  void run() {
    while (!stopping) {
      const std::size_t size = 1 + random_.below(20);
      std::vector<Planned> batch;
      for (std::size_t i = 0; i < size; ++i) batch.push_back(plan());
      send(std::move(batch));
      sleep_until_stopped(std::chrono::microseconds(1'000'000 * size / static_cast<std::size_t>(rate_)));
    }
  }

 private:
  Planned plan() {
    static constexpr const char* kQueues[] = {"default", "critical", "low"};
    const std::string id = name_ + "-" + std::to_string(++count_);
    EnqueueOptions options;
    const std::string queue = kQueues[random_.below(3)];
    options.task_id(id).queue(queue).max_retry(50).durability(durability_);
    std::string kind = "plain", key = "-";
    std::int64_t due = 0, expires = 0;
    const std::int64_t now = monotonic_ns();
    switch (random_.below(10)) {
      case 0:
      case 1: {
        const Duration delay = std::chrono::milliseconds(100 + random_.below(3000));
        options.process_in(delay).retention(2min);  // so that its id stays taken
        due = now + delay.count();
        kind = "delayed";
        break;
      }
      case 2: {
        const Duration life = std::chrono::milliseconds(500 + random_.below(3000));
        options.expires_in(life);
        // Seconds before the call is made do not count: the option counts from then.
        expires = now + life.count() + 1'000'000'000;
        kind = "expiring";
        break;
      }
      case 3: kind = "failing"; break;
      case 4: kind = "long"; break;
      case 5:
        key = "key-" + std::to_string(random_.below(50));
        options.unique(10s, key);
        // A lock is one of its queue. It counts from the call, so it lasts this long at least.
        key = queue + "/" + key + " " + std::to_string(now + 10'000'000'000);
        kind = "unique";
        break;
      case 6:
        options.group("group-" + std::to_string(random_.below(3)));
        kind = "grouped";
        break;
      case 7: options.retention(2min); break;
      default: break;
    }
    return {id, kind + " " + std::to_string(due) + " " + std::to_string(expires) + " " + key, Task(kind, id, options)};
  }

  // What is unknown is asked again with the same ids: then it is stored, or it was.
  void send(std::vector<Planned> batch) {
    while (!batch.empty()) {
      std::vector<Task> tasks;
      for (const Planned& planned : batch) {
        history_.write(EventKind::kIntent, planned.id, planned.detail);
        tasks.push_back(planned.task);
      }
      const auto answers = client_.enqueue_batch(tasks);
      std::vector<Planned> again;
      for (std::size_t i = 0; i < batch.size(); ++i) {
        const ErrorCode code = answers[i] ? ErrorCode{} : answers[i].error().code();
        // An id that is taken was stored by the call before.
        if (answers[i] || code == ErrorCode::kTaskIdConflict) {
          history_.write(EventKind::kAcked, batch[i].id);
        } else if (code == ErrorCode::kUnknownOutcome || code == ErrorCode::kNotDurable) {
          history_.write(EventKind::kUnknown, batch[i].id);
          // One half is left as it is. A task may be done by now, and would be stored, and done, a second time: the checker takes that for a
          // fault of the store, so only what is there for long is asked again.
          if (code == ErrorCode::kUnknownOutcome && batch[i].task.type() == "delayed" && random_.below(2) == 0) again.push_back(std::move(batch[i]));
        } else {
          history_.write(EventKind::kRefused, batch[i].id);
        }
      }
      batch = std::move(again);
      if (!batch.empty()) sleep_until_stopped(20ms);
      if (stopping) return;
    }
  }

  Client client_;
  HistoryWriter history_;
  const std::string name_;
  const int rate_;
  const EnqueueDurability durability_;
  base::Random random_ = base::Random::seeded();
  std::uint64_t count_ = 0;
};

// ------------------------------------------------------------------------------------------------------------- server

class Runs {
 public:
  Runs(const std::string& history, std::string name) : history_(history), name_(std::move(name)) {}

  Mux mux() {
    Mux mux;
    mux.handle("failing", [this](Context& ctx) { return ctx.retry_count() == 0 ? fail(ctx) : succeed(ctx, 0ms); });
    mux.handle("long", [this](Context& ctx) { return succeed(ctx, 300ms); });
    mux.handle("tick", [this](Context& ctx) {
      const auto nominal = std::chrono::floor<std::chrono::seconds>(ctx.scheduled_at()).time_since_epoch().count();
      history_.write(EventKind::kStart, ctx.task_id(), name_ + " " + std::to_string(nominal));
      history_.write(EventKind::kDone, ctx.task_id(), name_);
    });
    mux.handle("all", [this](Context& ctx) {
      const auto ids = lines(ctx.payload().bytes());
      for (const std::string& id : ids) history_.write(EventKind::kStart, id, name_);
      for (const std::string& id : ids) history_.write(EventKind::kDone, id, name_);
    });
    for (const char* type : {"plain", "delayed", "expiring", "unique"}) {
      mux.handle(type, [this](Context& ctx) { return succeed(ctx, 0ms); });
    }
    return mux;
  }

  static ServerConfig config() {
    ServerConfig config;
    config.concurrency = 8;
    config.queues = {{"default", 3}, {"critical", 6}, {"low", 1}};
    config.retry_delay = [](int, const Failure&, const Context&) { return Duration(200ms); };
    config.group_grace_period = 1s;
    config.group_max_size = 20;
    config.aggregator = [](const std::string&, const std::vector<Task>& tasks) {
      std::string ids;
      for (const Task& task : tasks) ids += task.payload().bytes() + "\n";
      return Task("all", ids);
    };
    config.janitor_interval = 1s;
    return config;
  }

 private:
  static std::vector<std::string> lines(const std::string& text) {
    std::vector<std::string> found;
    for (std::size_t at = 0, end; (end = text.find('\n', at)) != std::string::npos; at = end + 1) found.push_back(text.substr(at, end - at));
    return found;
  }
  // A handler that is told to stop stops, and has not done its work.
  Outcome succeed(Context& ctx, Duration time) {
    history_.write(EventKind::kStart, ctx.task_id(), name_);
    for (Duration spent{}; spent < time; spent += 10ms) {
      if (ctx.stop_requested()) {
        history_.write(EventKind::kFailed, ctx.task_id(), name_);
        return Outcome::fail("told to stop");
      }
      std::this_thread::sleep_for(10ms);
    }
    history_.write(EventKind::kDone, ctx.task_id(), name_);
    return Outcome::done();
  }
  Outcome fail(Context& ctx) {
    history_.write(EventKind::kStart, ctx.task_id(), name_);
    history_.write(EventKind::kFailed, ctx.task_id(), name_);
    return Outcome::fail("as the task wants");
  }

  HistoryWriter history_;
  const std::string name_;
};

// A broker that cannot be reached yet is waited for.
BrokerPtr open(const std::string& url) {
  while (true) {
    auto broker = open_broker(url);
    if (broker) return *broker;
    if (stopping) std::exit(0);
    std::cerr << "not open yet: " << broker.error().message() << '\n';
    sleep_until_stopped(200ms);
  }
}

void serve(const std::string& url, const std::string& history, const std::string& name) {
  Runs runs(history, name);
  const BrokerPtr broker = open(url);
  Scheduler scheduler(broker);
  Server server(broker, Runs::config());
  EntryOptions options("tick");
  options.missed(MissedTicks::kAll, 1000);
  EnqueueOptions task_options;
  task_options.max_retry(50);
  if (const auto added = scheduler.add("@every 1s", Task("tick", {}, task_options), options); !added) {
    throw std::runtime_error(added.error().message());
  }
  server.attach(scheduler);
  const Mux mux = runs.mux();
  while (!stopping) {
    const Status started = server.start(mux);
    if (started) break;
    std::cerr << "not started yet: " << started.error().message() << '\n';
    sleep_until_stopped(200ms);
  }
  std::cerr << "ready" << std::endl;
  while (!stopping) sleep_until_stopped(1h);
  server.stop();
}

void enqueue(const std::string& url, const std::string& history, const std::string& name, int rate, EnqueueDurability durability) {
  const BrokerPtr broker = open(url);
  std::cerr << "ready" << std::endl;
  Load(url, history, name, rate, durability).run();
}

int run(const std::vector<std::string>& words) {
  if (words.size() < 5) {
    std::cerr << "usage: fault_peer client|server|both URL HISTORY NAME [RATE [replicated]]\n";
    return 2;
  }
  std::signal(SIGTERM, stop_soon);
  const int rate = words.size() > 5 ? std::stoi(words[5]) : 100;
  const auto durability = words.size() > 6 ? EnqueueDurability::replicated(1) : EnqueueDurability::broker_default();
  if (words[1] == "client") enqueue(words[2], words[3], words[4], rate, durability);
  if (words[1] == "server") serve(words[2], words[3], words[4]);
  if (words[1] == "both") {
    std::thread client([&] { enqueue(words[2], words[3] + ".client.history", words[4] + "c", rate, durability); });
    serve(words[2], words[3], words[4]);
    client.join();
  }
  return 0;
}

}  // namespace
}  // namespace windlass::fault

int main(int argc, char** argv) {
  try {
    return windlass::fault::run({argv, argv + argc});
  } catch (const std::exception& e) {
    std::cerr << e.what() << '\n';
    return 1;
  }
}
