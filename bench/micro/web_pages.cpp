// What a page of the dashboard takes, by the size of the queue: bench_web_pages [BROKER-URL [TASKS [REQUESTS]]]
//
// Fills a queue of its own in steps of ten times as many tasks, asks for its pages one after the other over one connection, and
// removes the queue at the end.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include <windlass/client.hpp>
#include <windlass/inspector.hpp>
#include <windlass/log.hpp>

#include "http/uri.hpp"
#include "support/http_client.hpp"
#include "web/web_server.hpp"

namespace {

using windlass::testing::HttpClient;
using Clock = std::chrono::steady_clock;

constexpr const char* kQueue = "bench-web";

[[noreturn]] void fail(const std::string& why) {
  std::fprintf(stderr, "bench_web_pages: %s\n", why.c_str());
  std::exit(1);
}

void fill(windlass::Client& client, std::size_t from, std::size_t to) {
  std::vector<windlass::Task> batch;
  for (std::size_t i = from; i < to; ++i) {
    batch.emplace_back("bench", std::string(100, 'x'), windlass::EnqueueOptions().queue(kQueue).task_id("t" + std::to_string(i)));
    if (batch.size() < 1000 && i + 1 < to) continue;
    for (const auto& stored : client.enqueue_batch(batch)) {
      if (!stored) fail(stored.error().message());
    }
    batch.clear();
  }
}

// Cursor of a page in the middle.
std::string middle(const windlass::Inspector& inspector, std::size_t tasks) {
  windlass::TaskQuery query;
  query.queue = kQueue;
  std::string cursor;
  for (std::size_t passed = 0; passed < tasks / 2;) {
    const auto page = inspector.list(query, 1000, cursor);
    if (!page) fail(page.error().message());
    passed += page->tasks.size();
    cursor = page->next;
    if (cursor.empty()) break;
  }
  return cursor;
}

void measure(HttpClient& client, const std::string& path, std::size_t tasks, int requests, const char* name) {
  std::vector<double> ms;
  for (int i = 0; i < requests; ++i) {
    const auto began = Clock::now();
    const auto reply = client.get(path);
    if (reply.status != 200) fail(path + ": " + std::to_string(reply.status) + " " + reply.body);
    ms.push_back(std::chrono::duration<double, std::milli>(Clock::now() - began).count());
  }
  std::sort(ms.begin(), ms.end());
  const auto at = [&](double part) { return ms[static_cast<std::size_t>(part * static_cast<double>(ms.size() - 1))]; };
  std::printf("%9zu tasks  %-28s p50 %7.2f  p95 %7.2f  p99 %7.2f ms\n", tasks, name, at(0.5), at(0.95), at(0.99));
  std::fflush(stdout);
}

}  // namespace

int main(int argc, char** argv) {
  const std::string url = argc > 1 ? argv[1] : "memory:";
  const std::size_t tasks_max = argc > 2 ? std::strtoul(argv[2], nullptr, 10) : 1'000'000;
  const int requests = argc > 3 ? std::atoi(argv[3]) : 500;
  windlass::set_log_level(windlass::LogLevel::kWarn);
  auto broker = windlass::open_broker(url);
  if (!broker) fail(broker.error().message());
  windlass::Client client(*broker);
  const windlass::Inspector inspector(*broker);
  windlass::web::WebConfig config;
  config.port = 0;
  auto server = windlass::web::WebServer::open(*broker, config);
  if (!server) fail(server.error().message());
  if (auto started = (*server)->start(); !started) fail(started.error().message());
  HttpClient http((*server)->port());
  const std::string queue = std::string("/api/queues/") + kQueue;
  std::size_t filled = 0;
  for (std::size_t tasks = std::min<std::size_t>(10, tasks_max);; tasks = std::min(tasks * 10, tasks_max)) {
    fill(client, filled, tasks);
    filled = tasks;
    measure(http, queue, tasks, requests, "queue");
    measure(http, queue + "/pending_tasks", tasks, requests, "first page");
    const std::string cursor = windlass::http::percent_encode(middle(inspector, tasks));
    measure(http, queue + "/pending_tasks?cursor=" + cursor, tasks, requests, "page in the middle");
    measure(http, queue + "/tasks/t" + std::to_string(tasks / 2), tasks, requests, "task");
    if (tasks == tasks_max) break;
  }
  (*server)->stop();
  if (auto removed = inspector.remove_queue(kQueue, true); !removed) fail(removed.error().message());
}
