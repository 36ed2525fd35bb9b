// Trace contexts: the text of the W3C's recommendation, and that of the thread.
#include <windlass/trace.hpp>

#include <gtest/gtest.h>

#include <thread>

#include "support/span_list.hpp"
#include "trace/spans.hpp"

namespace windlass {
namespace {

using windlass::testing::SpanList;

constexpr std::string_view kParent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

TEST(Traceparent, IsReadAndWrittenAlike) {
  const auto context = parse_traceparent(kParent);
  ASSERT_TRUE(context);
  EXPECT_EQ(format_trace_id(context->trace_id), "4bf92f3577b34da6a3ce929d0e0e4736");
  EXPECT_TRUE(context->sampled);
  EXPECT_EQ(format_traceparent(*context), kParent);
}

TEST(Traceparent, FlagsOtherThanSampledAreNotPassedOn) {
  const auto context = parse_traceparent("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-fe");
  ASSERT_TRUE(context);
  EXPECT_FALSE(context->sampled);
  EXPECT_EQ(format_traceparent(*context).substr(52), "-00");
}

TEST(Traceparent, OfALaterVersionIsReadAsFarAsItIsKnown) {
  EXPECT_TRUE(parse_traceparent("cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"));
  EXPECT_TRUE(parse_traceparent("cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-what-the-future-is"));
  EXPECT_FALSE(parse_traceparent("cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01.what"));
}

TEST(Traceparent, WhatIsNoneIsNotRead) {
  for (const char* text : {"", "00", "hello",
                           "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-0",
                           "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-x",
                           "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
                           "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
                           "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
                           "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
                           "00_4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
                           "00-4bf92f3577b34da6a3ce929d0e0e473x-00f067aa0ba902b7-01"}) {
    EXPECT_FALSE(parse_traceparent(text)) << text;
  }
}

TEST(TraceHeaders, CarryContextAndState) {
  EXPECT_FALSE(find_trace({}));
  EXPECT_FALSE(find_trace({{"traceparent", "nonsense"}}));
  const auto context = find_trace({{"traceparent", std::string(kParent)}, {"tracestate", "vendor=1"}});
  ASSERT_TRUE(context);
  EXPECT_EQ(context->state, "vendor=1");
  Headers headers;
  trace::inject(*context, headers);
  EXPECT_EQ(headers, (Headers{{"traceparent", std::string(kParent)}, {"tracestate", "vendor=1"}}));
}

TEST(TraceScopes, NestAndBelongToTheirThread) {
  const auto outer = parse_traceparent(kParent);
  auto inner = outer;
  inner->span_id[0] = 1;
  EXPECT_FALSE(current_trace());
  {
    const TraceScope one(outer);
    EXPECT_EQ(current_trace(), outer);
    {
      const TraceScope two(inner);
      EXPECT_EQ(current_trace(), inner);
      std::thread([] { EXPECT_FALSE(current_trace()); }).join();
    }
    EXPECT_EQ(current_trace(), outer);
  }
  EXPECT_FALSE(current_trace());
}

TEST(Spans, ChildrenShareTheTraceOfTheirParent) {
  const SpanList spans;
  trace::OpenSpan root("root", SpanKind::kProducer, std::nullopt, TimePoint(std::chrono::seconds(1)));
  trace::OpenSpan child("child", SpanKind::kConsumer, root.context(), TimePoint(std::chrono::seconds(2)));
  child.fail("broken");
  child.end(TimePoint(std::chrono::seconds(3)));
  root.end(TimePoint(std::chrono::seconds(4)));
  const Span of_root = spans.find("root");
  const Span of_child = spans.find("child");
  EXPECT_EQ(of_root.parent, SpanId{});
  EXPECT_NE(of_root.context.trace_id, TraceId{});
  EXPECT_EQ(of_child.parent, of_root.context.span_id);
  EXPECT_EQ(of_child.context.trace_id, of_root.context.trace_id);
  EXPECT_NE(of_child.context.span_id, of_root.context.span_id);
  EXPECT_TRUE(of_child.failed);
  EXPECT_EQ(of_child.end - of_child.start, std::chrono::seconds(1));
}

TEST(Spans, AClockThatWasSetBackMakesNoNegativeSpan) {
  const SpanList spans;
  trace::OpenSpan span("s", SpanKind::kInternal, std::nullopt, TimePoint(std::chrono::seconds(5)));
  span.end(TimePoint(std::chrono::seconds(1)));
  EXPECT_EQ(spans.find("s").end, spans.find("s").start);
}

TEST(Spans, OfATraceThatIsNotSampledAreNotWritten) {
  const SpanList spans;
  const auto parent = parse_traceparent("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00");
  trace::OpenSpan span("s", SpanKind::kInternal, parent, {});
  EXPECT_FALSE(span.context().sampled);
  span.end({});
  EXPECT_TRUE(spans.all().empty());
}

TEST(Spans, TheRatioDecidesForTracesThatBeginHereOnly) {
  const SpanList spans(0);
  trace::OpenSpan here("here", SpanKind::kInternal, std::nullopt, {});
  trace::OpenSpan elsewhere("elsewhere", SpanKind::kInternal, parse_traceparent(kParent), {});
  here.end({});
  elsewhere.end({});
  EXPECT_EQ(spans.names(), std::vector<std::string>{"elsewhere"});
}

TEST(Spans, ARatioOfAHalfSamplesSomeAndLeavesSome) {
  const SpanList spans(0.5);
  for (int i = 0; i < 1000; ++i) trace::OpenSpan("s", SpanKind::kInternal, std::nullopt, {}).end({});
  EXPECT_GT(spans.all().size(), 200u);
  EXPECT_LT(spans.all().size(), 800u);
}

}  // namespace
}  // namespace windlass
