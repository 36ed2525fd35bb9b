// Spans on their way to a collector that takes them, refuses them, or is not there.
#include <windlass/trace.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <condition_variable>
#include <functional>
#include <mutex>

#include <nlohmann/json.hpp>

#include "support/http_stub.hpp"

namespace windlass {
namespace {

using namespace std::chrono_literals;
using nlohmann::json;
using ::testing::HasSubstr;
using ::testing::StartsWith;
using windlass::testing::HttpStub;

Span named(std::string name) {
  Span span;
  span.context = *parse_traceparent("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01");
  span.name = std::move(name);
  return span;
}

// A collector that answers as it is told, and whose requests can be waited for.
class OtlpSinkTest : public ::testing::Test {
 protected:
  std::string take(const std::string& request) {
    std::lock_guard lock(mu_);
    bodies_.push_back(request.substr(request.find("\r\n\r\n") + 4));
    heads_.push_back(request.substr(0, request.find("\r\n\r\n")));
    came_.notify_all();
    return bodies_.size() <= refuse_ ? "HTTP/1.1 " + refusal_ + "\r\nContent-Length: 0\r\n\r\n" : HttpStub::ok("{}");
  }
  void wait_for_requests(std::size_t n) {
    std::unique_lock lock(mu_);
    came_.wait(lock, [&] { return bodies_.size() >= n; });
  }
  std::size_t spans_in(std::size_t request) {
    std::lock_guard lock(mu_);
    return json::parse(bodies_.at(request))["resourceSpans"][0]["scopeSpans"][0]["spans"].size();
  }
  std::uint64_t dropped(const std::string& reason) {
    return metrics_->counter("windlass_trace_spans_dropped_total", "", {{"reason", reason}}).value();
  }
  std::uint64_t sent() { return metrics_->counter("windlass_trace_spans_sent_total", "").value(); }
  std::shared_ptr<SpanSink> open() {
    options_.metrics = metrics_;
    if (options_.url.ends_with(":4318/v1/traces")) options_.url = collector_.url("/v1/traces");
    auto sink = make_otlp_sink(options_);
    if (!sink) throw std::runtime_error(sink.error().message());
    return *sink;
  }

  std::mutex mu_;
  std::condition_variable came_;
  std::vector<std::string> bodies_, heads_;
  std::size_t refuse_ = 0;  // so many requests
  std::string refusal_ = "503 Unavailable";
  OtlpOptions options_;
  MetricsPtr metrics_ = std::make_shared<Metrics>();
  HttpStub collector_{[this](const std::string& request) { return take(request); }};
};

TEST_F(OtlpSinkTest, SendsSpansByPostAsJson) {
  options_.interval = 1ms;
  options_.headers["Authorization"] = "Bearer secret";
  options_.service = "mailer";
  const auto sink = open();
  sink->write(named("one"));
  wait_for_requests(1);
  EXPECT_THAT(heads_[0], StartsWith("POST /v1/traces HTTP/1.1\r\n"));
  EXPECT_THAT(heads_[0], HasSubstr("Content-Type: application/json"));
  EXPECT_THAT(heads_[0], HasSubstr("Authorization: Bearer secret"));
  EXPECT_EQ(json::parse(bodies_[0])["resourceSpans"][0]["resource"]["attributes"][0]["value"]["stringValue"], "mailer");
  EXPECT_EQ(spans_in(0), 1u);
}

TEST_F(OtlpSinkTest, AFullBatchDoesNotWaitForTheInterval) {
  options_.interval = 1h;
  options_.batch_max = 3;
  const auto sink = open();
  for (int i = 0; i < 3; ++i) sink->write(named("s"));
  wait_for_requests(1);
  EXPECT_EQ(spans_in(0), 3u);
}

TEST_F(OtlpSinkTest, WhatIsLeftIsSentAtTheEnd) {
  options_.interval = 1h;
  options_.batch_max = 2;
  {
    const auto sink = open();
    sink->write(named("one"));
  }
  EXPECT_EQ(spans_in(0), 1u);
  EXPECT_EQ(sent(), 1u);
}

TEST_F(OtlpSinkTest, ABatchThatIsRefusedForNowIsSentAgain) {
  options_.interval = 1ms;
  refuse_ = 2;
  const auto sink = open();
  sink->write(named("one"));
  wait_for_requests(3);
  EXPECT_EQ(bodies_[0], bodies_[2]);
  EXPECT_EQ(dropped("not_taken"), 0u);
}

TEST_F(OtlpSinkTest, ABatchThatIsRefusedForGoodIsDroppedAndCounted) {
  options_.interval = 1ms;
  refuse_ = 1;
  refusal_ = "400 Bad Request";
  {
    const auto sink = open();
    sink->write(named("one"));
    while (dropped("not_taken") == 0) std::this_thread::yield();  // the answer is there, not only the request
    sink->write(named("two"));
  }
  EXPECT_EQ(dropped("not_taken"), 1u);
  EXPECT_EQ(sent(), 1u);
}

TEST_F(OtlpSinkTest, SpansThatFindTheQueueFullAreDroppedAndCounted) {
  options_.interval = 1h;
  options_.queue_max = 5;
  options_.batch_max = 100;
  const auto sink = open();
  for (int i = 0; i < 8; ++i) sink->write(named("s"));
  EXPECT_EQ(dropped("queue_full"), 3u);
}

TEST_F(OtlpSinkTest, ACollectorThatIsNotThereHoldsNobodyUp) {
  options_.url = "http://127.0.0.1:1/v1/traces";
  options_.interval = 1ms;
  options_.queue_max = 10;
  {
    const auto sink = open();
    for (int i = 0; i < 10; ++i) sink->write(named("s"));
  }
  EXPECT_EQ(sent(), 0u);
  EXPECT_EQ(dropped("not_taken") + dropped("queue_full"), 10u);
}

TEST_F(OtlpSinkTest, WrongOptionsAreErrors) {
  options_.url = "localhost:4318";
  const auto no_url = make_otlp_sink(options_);
  ASSERT_FALSE(no_url);
  EXPECT_EQ(no_url.error().code(), ErrorCode::kInvalidArgument);
  EXPECT_THAT(no_url.error().message(), HasSubstr("http://"));
  options_ = OtlpOptions();
  options_.queue_max = 0;
  EXPECT_FALSE(make_otlp_sink(options_));
}

}  // namespace
}  // namespace windlass
