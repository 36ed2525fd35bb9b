// Traces from client to handler and back into the queue, on the memory broker.
#include <windlass/windlass.hpp>

#include <algorithm>
#include <future>
#include <mutex>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/clock.hpp"
#include "broker/memory/memory_broker.hpp"
#include "support/span_list.hpp"

namespace windlass {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::UnorderedElementsAre;
using windlass::testing::SpanList;

constexpr std::string_view kCaller = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
constexpr std::string_view kUnsampled = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00";

class Lines final : public LogSink {
 public:
  void write(const LogRecord& record) override {
    std::string trace;
    for (const LogField& field : *record.context) {
      if (field.key == "trace") trace = field.value;
    }
    std::lock_guard lock(mu_);
    if (record.message == "hello") traces_.push_back(trace);
  }
  std::vector<std::string> traces() const {
    std::lock_guard lock(mu_);
    return traces_;
  }

 private:
  mutable std::mutex mu_;
  std::vector<std::string> traces_;
};

class TraceTest : public ::testing::Test {
 protected:
  // Runs what is there, with a retry at once where a handler fails.
  void serve() {
    ServerConfig config;
    config.concurrency = 2;
    config.liveness = 1h;  // a busy machine must not make it look dead
    config.retry_delay = [](int, const Failure&, const Context&) { return Duration::zero(); };
    Server server(broker, config);
    ASSERT_TRUE(server.start(mux));
    ASSERT_TRUE(server.wait_until_empty());
    server.stop();
  }
  static Headers with(std::string_view parent) { return {{"traceparent", std::string(parent)}}; }
  Result<TaskInfo> enqueue(const std::string& type, const Headers& headers = {}) {
    EnqueueOptions options;
    for (const auto& [key, value] : headers) options.header(key, value);
    return client.enqueue(Task(type), options);
  }

  BrokerPtr broker = broker::make_memory_broker(base::real_clock());
  Client client{broker};
  Mux mux;
  std::mutex mu;
  std::vector<Headers> seen;
};

TEST_F(TraceTest, WithoutASinkNothingIsAddedToATask) {
  const auto task = enqueue("t");
  ASSERT_TRUE(task);
  EXPECT_TRUE(task->headers.empty());
  mux.handle("t", [&](Context& ctx) {
    EXPECT_TRUE(ctx.headers().empty());
    EXPECT_FALSE(ctx.trace());
    EXPECT_FALSE(current_trace());
  });
  serve();
}

TEST_F(TraceTest, WithoutASinkAContextThatIsThereIsPassedOn) {
  std::string sent;
  mux.handle("first", [&](Context& ctx) {
    EXPECT_EQ(format_traceparent(*ctx.trace()), kCaller);
    sent = client.enqueue(Task("second"))->headers.at("traceparent");
  });
  mux.handle("second", [](Context&) {});
  ASSERT_TRUE(enqueue("first", with(kCaller)));
  serve();
  EXPECT_EQ(sent, kCaller);
}

TEST_F(TraceTest, ClientHandlerAndWhatItEnqueuesAreOneTrace) {
  const SpanList spans;
  mux.handle("first", [&](Context&) { ASSERT_TRUE(enqueue("second")); });
  mux.handle("second", [](Context&) {});
  ASSERT_TRUE(enqueue("first"));
  serve();
  EXPECT_THAT(spans.names(), UnorderedElementsAre("enqueue first", "process first", "enqueue second", "process second"));
  const Span root = spans.find("enqueue first");
  EXPECT_EQ(root.parent, SpanId{});
  EXPECT_EQ(spans.find("process first").parent, root.context.span_id);
  EXPECT_EQ(spans.find("enqueue second").parent, spans.find("process first").context.span_id);
  EXPECT_EQ(spans.find("process second").parent, spans.find("enqueue second").context.span_id);
  for (const Span& span : spans.all()) {
    EXPECT_EQ(span.context.trace_id, root.context.trace_id) << span.name;
    EXPECT_FALSE(span.failed) << span.name;
    EXPECT_GE(span.end, span.start);
  }
  EXPECT_EQ(root.kind, SpanKind::kProducer);
  EXPECT_EQ(spans.find("process first").kind, SpanKind::kConsumer);
}

TEST_F(TraceTest, TheCallersContextIsTheParent) {
  const SpanList spans;
  {
    const TraceScope scope(parse_traceparent(kCaller));
    ASSERT_TRUE(enqueue("t"));
  }
  EXPECT_EQ(format_trace_id(spans.find("enqueue t").context.trace_id), "4bf92f3577b34da6a3ce929d0e0e4736");
  EXPECT_EQ(spans.find("enqueue t").parent, parse_traceparent(kCaller)->span_id);
}

TEST_F(TraceTest, EachAttemptIsASpanAndARetryToo) {
  const SpanList spans;
  mux.handle("t", [](Context& ctx) {
    if (ctx.retry_count() == 0) throw std::runtime_error("not yet");
  });
  ASSERT_TRUE(enqueue("t"));
  serve();
  EXPECT_THAT(spans.names(), UnorderedElementsAre("enqueue t", "process t", "retry t", "process t"));
  const Span first = spans.find("process t");
  EXPECT_TRUE(first.failed);
  EXPECT_THAT(first.error, ::testing::HasSubstr("not yet"));
  EXPECT_EQ(spans.find("retry t").parent, spans.find("enqueue t").context.span_id);
  EXPECT_EQ(std::ranges::count_if(spans.all(), [](const Span& span) { return span.failed; }), 1);
}

TEST_F(TraceTest, ATraceThatIsNotSampledIsPassedOnAndNotWritten) {
  const SpanList spans;
  mux.handle("t", [&](Context& ctx) {
    ASSERT_TRUE(ctx.trace());
    EXPECT_FALSE(ctx.trace()->sampled);
    EXPECT_EQ(format_trace_id(ctx.trace()->trace_id), "4bf92f3577b34da6a3ce929d0e0e4736");
  });
  ASSERT_TRUE(enqueue("t", with(kUnsampled)));
  serve();
  EXPECT_TRUE(spans.all().empty());
}

TEST_F(TraceTest, ATaskOfAClientWithoutTracesBeginsOneWhenItRuns) {
  ASSERT_TRUE(enqueue("t"));
  const SpanList spans;
  mux.handle("t", [](Context& ctx) { EXPECT_TRUE(ctx.trace()); });
  serve();
  EXPECT_THAT(spans.names(), ElementsAre("process t"));
  EXPECT_EQ(spans.find("process t").parent, SpanId{});
}

TEST_F(TraceTest, WhatIsNotStoredIsAFailedSpan) {
  const SpanList spans;
  ASSERT_TRUE(client.enqueue(Task("t"), EnqueueOptions().task_id("same")));
  ASSERT_FALSE(client.enqueue(Task("t"), EnqueueOptions().task_id("same")));
  EXPECT_EQ(std::ranges::count_if(spans.all(), [](const Span& span) { return span.failed; }), 1);
}

TEST_F(TraceTest, CoroutineHandlersKeepTheirsAcrossWaits) {
  const SpanList spans;
  std::vector<std::pair<std::string, std::string>> before_and_after;
  mux.handle("t", [&](Context& ctx) -> Async<> {
    const std::string own = format_traceparent(*ctx.trace());
    const std::string before = format_traceparent(*current_trace());
    co_await sleep_for(1ms);
    const std::string after = format_traceparent(*current_trace());
    before_and_after.emplace_back(own, before);
    before_and_after.emplace_back(own, after);
  });
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(enqueue("t"));
  serve();
  EXPECT_EQ(before_and_after.size(), 6u);
  for (const auto& [own, current] : before_and_after) EXPECT_EQ(own, current);
  EXPECT_FALSE(current_trace());
}

TEST_F(TraceTest, LinesOfHandlersCarryTheTrace) {
  const SpanList spans;
  const auto lines = std::make_shared<Lines>();
  set_log_sink(lines);
  mux.handle("t", [](Context&) { log_info("hello"); });
  ASSERT_TRUE(enqueue("t"));
  serve();
  set_log_sink(make_stream_sink(2, LogFormat::kText));
  EXPECT_THAT(lines->traces(), ElementsAre(format_trace_id(spans.find("enqueue t").context.trace_id)));
}

TEST_F(TraceTest, ATickBeginsATraceThatItsTaskGoesOnWith) {
  const SpanList spans;
  std::promise<TaskInfo> stored;
  SchedulerConfig config;
  config.post_enqueue = [&, first = true](const Tick&, const Result<TaskInfo>& task) mutable {
    if (std::exchange(first, false)) stored.set_value(*task);
  };
  Scheduler scheduler(broker, config);
  ASSERT_TRUE(scheduler.add("@every 1s", Task("t"), EntryOptions("each-second")));
  ASSERT_TRUE(scheduler.start());
  const TaskInfo task = stored.get_future().get();
  scheduler.stop();
  mux.handle("t", [](Context&) {});
  serve();
  // There may have been more ticks than this one.
  const SpanId begun = find_trace(task.headers)->span_id;
  const std::vector<Span> all = spans.all();
  const auto tick = std::ranges::find_if(all, [&](const Span& span) { return span.context.span_id == begun; });
  ASSERT_NE(tick, all.end());
  EXPECT_EQ(tick->name, "tick each-second");
  EXPECT_EQ(tick->parent, SpanId{});
  EXPECT_EQ(std::ranges::count_if(all, [&](const Span& s) { return s.name == "process t" && s.parent == begun; }), 1);
}

}  // namespace
}  // namespace windlass
