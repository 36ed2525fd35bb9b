// bench_dq: the dq producer beside the bare protocol, and how late a consumer starts messages.
//
//   bench_dq
//
// Starts three beanstalkd servers (without binlog) and a redis-server of its own. The rates alternate, five rounds: the
// producer writes batches of 500 messages of 100 bytes to three nodes; the bare client writes pipelines of 500 such
// puts to one node and only waits for the answers. The goal is 70 % of the bare rate divided by the three replicas.
// Lateness: from the due time to the start of the handler, of messages at random times, with a lock in Redis and with
// one in SQLite.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <mutex>
#include <thread>
#include <vector>

#include <windlass/dq.hpp>

#include "base/random.hpp"
#include "dq/body.hpp"
#include "support/beanstalkd.hpp"
#include "support/redis_server.hpp"

namespace {

using namespace windlass;
using namespace std::chrono_literals;

constexpr int kRounds = 5;
constexpr auto kLength = 1s;
constexpr int kBatch = 500;
constexpr int kNodes = 3;
constexpr int kDueMessages = 3000;
constexpr Duration kDueWithin = 6s;
const std::string kBody(100, 'x');

[[noreturn]] void fail(const Error& error) {
  std::fprintf(stderr, "%s\n", error.message().c_str());
  std::exit(1);
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

// Calls `batch` for kLength; messages a second.
template <class F>
double rate(F batch) {
  const auto begin = std::chrono::steady_clock::now();
  double messages = 0;
  while (std::chrono::steady_clock::now() - begin < kLength) {
    batch();
    messages += kBatch;
  }
  return messages / std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

double bare(const testing::Beanstalkd& server) {
  auto connection =
      beanstalk::Connection::open(*beanstalk::parse_address(server.endpoint()), server.endpoint(), net::after(5s));
  if (!connection) fail(connection.error());
  return rate([&] {
    beanstalk::Commands commands;
    for (int i = 0; i < kBatch; ++i) {
      commands.put({2, 3600, 5}, dq::wrap_body(std::chrono::system_clock::now() + 1h, kBody));
    }
    if (auto answers = (*connection)->call(commands, net::after(5s)); !answers) fail(answers.error());
  });
}

double produce(dq::Producer& producer) {
  return rate([&] {
    std::vector<dq::Message> messages;
    for (int i = 0; i < kBatch; ++i) messages.emplace_back(kBody, std::chrono::system_clock::now() + 1h);
    for (const auto& id : producer.put_batch(messages)) {
      if (!id) fail(id.error());
    }
  });
}

void compare_rates() {
  std::vector<double> bares, produced;
  for (int round = 0; round < kRounds; ++round) {
    // New servers each time: none has more to keep than the other's.
    std::vector<testing::Beanstalkd> servers(kNodes);
    dq::Nodes nodes;
    for (const auto& server : servers) nodes.push_back(server.node());
    auto producer = dq::Producer::open(nodes);
    if (!producer) fail(producer.error());
    const testing::Beanstalkd alone;
    bares.push_back(bare(alone));
    produced.push_back(produce(*producer));
    std::printf("  round %d: bare puts to one node %.0f/s, messages to %d nodes %.0f/s\n", round + 1, bares.back(),
                kNodes, produced.back());
  }
  const double share = median(produced) / (median(bares) / kNodes);
  std::printf(
      "median: bare puts to one node %.0f/s, messages to %d nodes %.0f/s: %.0f %% of the bare rate divided by %d "
      "(goal: 70 %%, or 20000/s)\n",
      median(bares), kNodes, median(produced), 100 * share, kNodes);
}

void measure_lateness(const char* name, const std::string& lock_url) {
  std::vector<testing::Beanstalkd> servers(kNodes);
  dq::Nodes nodes;
  for (const auto& server : servers) nodes.push_back(server.node());
  auto producer = dq::Producer::open(nodes);
  auto locks = dq::open_lock_store(lock_url);
  if (!producer) fail(producer.error());
  if (!locks) fail(locks.error());
  std::mutex mu;
  std::vector<double> late;
  dq::ConsumerConfig config;
  config.concurrency = 4;
  config.runs_max = kDueMessages;
  dq::Consumer consumer(
      nodes, *locks,
      [&](Context& ctx) {
        const double ms =
            std::chrono::duration<double, std::milli>(std::chrono::system_clock::now() - ctx.scheduled_at()).count();
        const std::lock_guard lock(mu);
        late.push_back(ms);
        return Outcome::done();
      },
      config);
  if (Status started = consumer.start(); !started) fail(started.error());
  base::Random random(42);
  std::vector<dq::Message> messages;
  const TimePoint begin = std::chrono::system_clock::now() + 2s;
  for (int i = 0; i < kDueMessages; ++i) {
    messages.emplace_back(std::to_string(i),
                          begin + Duration(static_cast<Duration::rep>(random.unit() * kDueWithin.count())));
  }
  for (const auto& id : producer->put_batch(messages)) {
    if (!id) fail(id.error());
  }
  consumer.wait();
  consumer.stop();
  std::sort(late.begin(), late.end());
  std::printf(
      "start lateness, locks in %s, %zu messages within %.0f s: p50 %.2f ms, p99 %.2f ms, max %.2f ms, earliest %.3f "
      "ms (goal: p99 < 10 ms)\n",
      name, late.size(), std::chrono::duration<double>(kDueWithin).count(), late[late.size() / 2],
      late[late.size() * 99 / 100], late.back(), late.front());
}

}  // namespace

int main() {
  set_log_level(LogLevel::kError);
  compare_rates();
  testing::RedisServer redis;
  measure_lateness("Redis", redis.url());
  testing::TempDir folder;
  measure_lateness("SQLite", "sqlite:" + folder.file("locks.db"));
}
