// bench_redis_client: the Redis client alone, beside redis-benchmark on the same server in the same run.
//
//   bench_redis_client [redis-server-port | unix socket]
//
// Without an argument it starts a redis-server of its own. Each row alternates with its peer, five times; medians and their
// ratio are printed, and the CPU that the client's process spent for one command. Read ratios, not rates.
#include <sys/resource.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <thread>
#include <vector>

#include "redis/client.hpp"
#include "support/redis_server.hpp"

namespace {

using namespace windlass;
using namespace std::chrono_literals;

constexpr int kRounds = 5;
constexpr auto kLength = 700ms;
const std::string kValue(100, 'x');

double cpu_seconds() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& t) { return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) * 1e-6; };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

struct Rate {
  double per_second = 0;
  double cpu_us = 0;
};

// `threads` threads that each send pipelines of `depth` SETs, for kLength.
Rate run(redis::Client& client, int threads, int depth) {
  std::atomic<std::uint64_t> done{0};
  std::atomic<bool> stop{false};
  const double cpu = cpu_seconds();
  const auto begin = std::chrono::steady_clock::now();
  {
    std::vector<std::jthread> all;
    for (int t = 0; t < threads; ++t) {
      all.emplace_back([&] {
        redis::Pipeline p;
        std::uint64_t mine = 0;
        while (!stop) {
          p.clear();
          for (int i = 0; i < depth; ++i) p.add("SET", redis::Key{"key:1"}, kValue);
          const Result<redis::Replies> replies = client.call(p);
          if (!replies) {
            std::fprintf(stderr, "%s\n", replies.error().message().c_str());
            std::exit(1);
          }
          mine += static_cast<std::uint64_t>(depth);
        }
        done += mine;
      });
    }
    std::this_thread::sleep_for(kLength);
    stop = true;
  }
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  const double n = static_cast<double>(done.load());
  return {n / seconds, (cpu_seconds() - cpu) / n * 1e6};
}

// The rate that redis-benchmark prints as CSV.
double peer(const std::string& where, int connections, int depth, int requests) {
  const std::string command = "redis-benchmark " + where + " -c " + std::to_string(connections) + " -P " + std::to_string(depth) +
                              " -n " + std::to_string(requests) + " -d 100 -t set --csv 2>/dev/null";
  FILE* out = ::popen(command.c_str(), "r");
  char line[512];
  double rate = 0;
  while (out && std::fgets(line, sizeof line, out)) std::sscanf(line, "\"SET\",\"%lf", &rate);
  if (out) ::pclose(out);
  return rate;
}

void row(const char* name, redis::Client& client, int threads, int depth, const std::function<double()>& other) {
  std::vector<double> ours;
  std::vector<double> cpu;
  std::vector<double> theirs;
  for (int i = 0; i < kRounds; ++i) {
    theirs.push_back(other());
    const Rate rate = run(client, threads, depth);
    ours.push_back(rate.per_second);
    cpu.push_back(rate.cpu_us);
  }
  std::printf("%-34s %10.0f/s  client CPU %6.2f us/op   redis-benchmark %10.0f/s   ratio %.2f\n", name, median(ours), median(cpu),
              median(theirs), median(ours) / median(theirs));
  std::fflush(stdout);
}

}  // namespace

int main(int argc, char** argv) {
  std::unique_ptr<testing::RedisServer> server;
  std::string url;
  std::string where;
  if (argc > 1 && argv[1][0] == '/') {
    url = std::string("redis-socket://") + argv[1];
    where = std::string("-s ") + argv[1];
  } else {
    if (argc <= 1) server = std::make_unique<testing::RedisServer>();
    const std::string port = argc > 1 ? argv[1] : std::to_string(server->port());
    url = "redis://127.0.0.1:" + port;
    where = "-p " + port;
  }
  auto client = redis::open_client(*redis::parse_url(url));
  if (!client || !(*client)->ping().ok()) {
    std::fprintf(stderr, "cannot reach %s\n", url.c_str());
    return 1;
  }
  row("lone caller, SET", **client, 1, 1, [&] { return peer(where, 1, 1, 12000); });
  row("64 threads, SET, -c 64", **client, 64, 1, [&] { return peer(where, 64, 1, 60000); });
  row("lone caller, pipelines of 100", **client, 1, 100, [&] { return peer(where, 1, 100, 400000); });
  row("4 threads, pipelines of 100", **client, 4, 100, [&] { return peer(where, 4, 100, 400000); });
  return 0;
}
