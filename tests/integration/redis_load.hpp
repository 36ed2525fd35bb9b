// Load: tasks that come and are done while a test breaks things. Every acknowledged task must have run, and nothing may be left.
#pragma once

#include <atomic>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include <windlass/mux.hpp>
#include <windlass/server.hpp>

#include "integration/redis_broker_fixture.hpp"

namespace windlass::testing {

class Load {
 public:
  Load(std::shared_ptr<Broker> broker, std::vector<std::string> queues) : broker_(std::move(broker)), queues_(std::move(queues)) {
    Mux mux;
    mux.handle("t", [this](Context& ctx) {
      std::lock_guard lock(mu_);
      ran_.insert(ctx.queue() + "/" + ctx.task_id());
    });
    ServerConfig config;
    for (const std::string& queue : queues_) config.queues[queue] = 1;
    config.concurrency = 4;
    server_ = std::make_unique<Server>(broker_, config);
    get(server_->start(mux));
    resume();
  }
  ~Load() { pause(); }

  // Starts and ends the enqueuing; the server goes on.
  void resume() {
    stop_ = false;
    for (int t = 0; t < 3; ++t) threads_.emplace_back([this] { enqueue_all(); });
  }
  void pause() {
    stop_ = true;
    threads_.clear();
  }

  std::size_t acknowledged() {
    std::lock_guard lock(mu_);
    return acknowledged_.size();
  }
  std::size_t ran() {
    std::lock_guard lock(mu_);
    return ran_.size();
  }
  // Acknowledged tasks that did not run.
  std::size_t missing() {
    std::lock_guard lock(mu_);
    std::size_t n = 0;
    for (const std::string& task : acknowledged_) n += ran_.contains(task) ? 0 : 1;
    return n;
  }
  bool empty() {
    for (const std::string& queue : queues_) {
      const auto info = broker_->queue_info(queue);
      if (!info || info->size != 0) return false;
    }
    return true;
  }

 private:
  void enqueue_all() {
    while (!stop_) {
      const int n = next_++;
      const std::string& queue = queues_[static_cast<std::size_t>(n) % queues_.size()];
      const NewTask task = plain(std::to_string(n), queue);
      // Until it is known that it is stored: the id says so.
      for (;;) {
        const auto outcome = broker_->enqueue(std::span(&task, 1));
        if (outcome) break;
        std::this_thread::sleep_for(1ms);
        if (stop_) return;
      }
      std::lock_guard lock(mu_);
      acknowledged_.insert(queue + "/" + task.message.id);
    }
  }

  const std::shared_ptr<Broker> broker_;
  const std::vector<std::string> queues_;
  std::atomic<bool> stop_ = false;
  std::atomic<int> next_ = 0;
  std::mutex mu_;
  std::set<std::string> acknowledged_;
  std::set<std::string> ran_;
  std::unique_ptr<Server> server_;
  std::vector<std::jthread> threads_;  // last: they use all of the above
};

}  // namespace windlass::testing
