// What the scripts of the Redis broker cost Redis.
//
//   bench_redis_broker [URL [WINDOW ...]]
//
//   URL      default: redis://127.0.0.1:6379/15. Works in a queue of its own, and removes it
//   WINDOW   default: 100 1000 5000
//
// 200,000 tasks with 100 bytes are enqueued in batches of 100, then fetched and finished. For each phase: tasks a second, and CPU
// time of redis-server a task.
//   WINDOW active   one thread, batches of 100, while WINDOW tasks are active; finished in the order of fetching ("fifo") or at random
//                   among the active. It waits for each answer, so Redis has nothing to do in between: what counts is the CPU time
//   calls in flight four threads, each with batches of 250: Redis has always something to do. What its core can give a server
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <deque>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "broker/redis/redis_broker.hpp"
#include "redis/client.hpp"

namespace {

using namespace windlass;
using Clock = std::chrono::steady_clock;

constexpr std::size_t kTasks = 200'000, kBatch = 100, kInFlight = 4, kBatchInFlight = 250;
const std::string kQueue = "bench_redis_broker";

class Meter {
 public:
  explicit Meter(redis::Client& client) : client_(client), cpu_(redis_cpu()), start_(Clock::now()) {}

  void print(const std::string& phase, std::size_t tasks) const {
    const double seconds = std::chrono::duration<double>(Clock::now() - start_).count();
    const double n = static_cast<double>(tasks);
    std::printf("%-36s %9.0f tasks/s  %6.2f us of Redis a task\n", phase.c_str(), n / seconds, (redis_cpu() - cpu_) / n * 1e6);
  }

 private:
  double redis_cpu() const {
    redis::Pipeline p;
    p.add("INFO", "cpu");
    const auto replies = client_.call(p);
    double sum = 0;
    for (const char* field : {"used_cpu_sys:", "used_cpu_user:"}) {
      const std::string text((*replies)[0].text());
      sum += std::stod(text.substr(text.find(field) + std::string(field).size()));
    }
    return sum;
  }

  redis::Client& client_;
  double cpu_;
  Clock::time_point start_;
};

bool fill(broker::Broker& broker, std::size_t tasks) {
  for (std::size_t n = 0; n < tasks; n += kBatch) {
    std::vector<broker::NewTask> batch(kBatch);
    for (std::size_t i = 0; i < kBatch; ++i) {
      core::TaskMessage& message = batch[i].message;
      message.id = "01890a5d-ac96-774b-bcce-" + std::to_string(100'000'000'000 + n + i);
      message.queue = kQueue;
      message.type = "bench:noop";
      message.payload = std::string(100, 'x');
      message.timeout = core::kDefaultTimeout;
      message.enqueued_at = base::real_clock().now();
    }
    if (!broker.enqueue(batch)) return false;
  }
  return true;
}

// Returns how many tasks were finished.
std::size_t drain(broker::Broker& broker, std::size_t batch, std::size_t window, bool fifo) {
  std::deque<broker::LeaseRef> active;
  std::mt19937 random(1);
  std::size_t finished = 0;
  for (bool more = true; more || !active.empty();) {
    while (more && active.size() < window) {
      const auto tasks = broker.fetch({.queues = {{kQueue, batch}}, .max = batch, .owner = "bench", .lease = std::chrono::seconds(300)});
      if (!tasks) return finished;
      more = !tasks->empty();
      for (const auto& task : *tasks) active.push_back({{kQueue, task.message.id}, task.token});
    }
    std::vector<broker::Finish> items;
    for (std::size_t i = 0; i < batch && !active.empty(); ++i) {
      if (!fifo) std::swap(active.front(), active[random() % active.size()]);
      items.push_back({.lease = active.front(), .kind = broker::FinishKind::kDone});
      active.pop_front();
    }
    const auto outcomes = broker.finish(items);
    if (!outcomes) return finished;
    finished += static_cast<std::size_t>(std::ranges::count(*outcomes, broker::FinishOutcome::kApplied));
  }
  return finished;
}

// The life of all tasks, with a line for each half.
template <class Drain>
bool measure(redis::Client& client, broker::Broker& broker, const std::string& phase, const Drain& drain_all) {
  const Meter enqueue(client);
  if (!fill(broker, kTasks)) return false;
  enqueue.print("enqueue, batches of 100", kTasks);
  const Meter drained(client);
  const std::size_t finished = drain_all();
  drained.print("fetch and finish, " + phase, finished);
  return finished > 0;
}

std::size_t drain_in_flight(broker::Broker& broker) {
  std::atomic<std::size_t> finished{0};
  std::vector<std::jthread> threads;
  for (std::size_t i = 0; i < kInFlight; ++i) {
    threads.emplace_back([&] { finished += drain(broker, kBatchInFlight, kBatchInFlight, true); });
  }
  threads.clear();
  return finished;
}

}  // namespace

int main(int argc, char** argv) {
  const auto config = redis::parse_url(argc > 1 ? argv[1] : "redis://127.0.0.1:6379/15");
  if (!config) return std::printf("%s\n", config.error().message().c_str()), 2;
  const auto client = redis::open_client(*config);
  if (!client) return std::printf("%s\n", client.error().message().c_str()), 2;
  const auto broker = broker::make_redis_broker(*client, base::real_clock());
  if (const auto up = broker->ping(); !up) return std::printf("%s\n", up.error().message().c_str()), 1;
  std::vector<std::string> windows(argv + std::min(argc, 2), argv + argc);
  if (windows.empty()) windows = {"100", "1000", "5000"};
  bool went_well = true;
  for (const std::string& window : windows) {
    for (const bool fifo : {true, false}) {
      went_well = went_well && measure(**client, *broker, window + " active, " + (fifo ? "fifo" : "random"),
                                       [&] { return drain(*broker, kBatch, std::stoul(window), fifo); });
    }
  }
  went_well = went_well && measure(**client, *broker, "calls in flight", [&] { return drain_in_flight(*broker); });
  if (!went_well) std::printf("an answer was missing\n");
  (void)broker->remove_queue(kQueue, true);
  return went_well ? 0 : 1;
}
