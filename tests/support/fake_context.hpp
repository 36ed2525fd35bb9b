// FakeContext: what a handler gets, without a server. The test fills in what the handler shall see and reads what it
// left.
#pragma once

#include <algorithm>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

#include <windlass/context.hpp>

#include "support/fake_clock.hpp"

namespace windlass::testing {

// The fields are for the test's thread, before the handler runs. stop(), write_result(), set_progress() and what reads
// them back are thread-safe.
class FakeContext final : public Context {
 public:
  explicit FakeContext(std::string type, Payload payload = {}) : type_(std::move(type)), payload_(std::move(payload)) {}

  std::string id = "018f0000-0000-7000-8000-000000000001";
  std::string queue_name = "default";
  Headers header_map;
  int retries = 0;
  int retries_max = 25;
  TimePoint deadline_time = kNoTime;
  TimePoint scheduled_time = FakeClock::kStart;
  TimePoint enqueued_time = FakeClock::kStart;
  TimePoint started_time = FakeClock::kStart;
  std::function<void()> on_result;  // called by write_result()

  // Sets the stop token, as the server would. The first reason stays.
  void stop(StopReason reason) {
    {
      std::lock_guard lock(mu_);
      if (reason_ == StopReason::kNone) reason_ = reason;
    }
    stop_.request_stop();
  }
  // What the handler left; nothing if it left none.
  std::optional<std::string> result() const { std::lock_guard lock(mu_); return result_; }
  std::optional<Progress> progress() const { std::lock_guard lock(mu_); return progress_; }

  const std::string& task_id() const override { return id; }
  const std::string& queue() const override { return queue_name; }
  const std::string& type() const override { return type_; }
  const Payload& payload() const override { return payload_; }
  const Headers& headers() const override { return header_map; }
  int retry_count() const override { return retries; }
  int max_retry() const override { return retries_max; }
  TimePoint deadline() const override { return deadline_time; }
  TimePoint scheduled_at() const override { return scheduled_time; }
  TimePoint enqueued_at() const override { return enqueued_time; }
  TimePoint started_at() const override { return started_time; }

  std::stop_token stop_token() const override { return stop_.get_token(); }
  StopReason stop_reason() const override { std::lock_guard lock(mu_); return reason_; }
  void write_result(std::string bytes) override {
    if (on_result) on_result();
    std::lock_guard lock(mu_);
    result_ = std::move(bytes);
  }
  void set_progress(double percent, std::string text) override {
    std::lock_guard lock(mu_);
    progress_ = Progress{.percent = std::clamp(percent, 0.0, 100.0), .text = std::move(text)};
  }

 private:
  const std::string type_;
  const Payload payload_;
  std::stop_source stop_;
  mutable std::mutex mu_;
  StopReason reason_ = StopReason::kNone;
  std::optional<std::string> result_;
  std::optional<Progress> progress_;
};

}  // namespace windlass::testing
