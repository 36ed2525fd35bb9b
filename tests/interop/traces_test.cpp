// One trace over both languages: the header that a C++ client writes is what a Go handler reads, and the other way round.
#include <gmock/gmock.h>

#include <windlass/client.hpp>
#include <windlass/server.hpp>
#include <windlass/trace.hpp>

#include "interop/fixture.hpp"
#include "support/span_list.hpp"

namespace windlass::interop {
namespace {

class Traces : public Interop {
 protected:
  BrokerPtr broker() { return open_broker(server().url()).value(); }
};

TEST_F(Traces, AGoHandlerReadsTheContextOfACppClient) {
  if (IsSkipped() || !can_use({Language::kGo})) return;
  const testing::SpanList spans;
  TraceContext caller;
  caller.trace_id = {1, 2, 3};
  caller.span_id = {4, 5, 6};
  caller.sampled = true;
  caller.state = "vendor=x";
  {
    const TraceScope scope(caller);
    ASSERT_TRUE(Client(broker()).enqueue(Task("echo", "x")));
  }
  const std::vector<json> runs = serve_until_idle(Language::kGo);
  ASSERT_EQ(runs.size(), 1u);
  const Span enqueued = spans.find("enqueue echo");
  EXPECT_EQ(enqueued.context.trace_id, caller.trace_id);
  EXPECT_EQ(runs[0]["headers"]["traceparent"], format_traceparent(enqueued.context));
  EXPECT_EQ(runs[0]["headers"]["tracestate"], "vendor=x");
}

TEST_F(Traces, ACppHandlerGoesOnWithTheContextOfAGoClient) {
  if (IsSkipped() || !can_use({Language::kGo})) return;
  const std::string traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
  must_enqueue(Language::kGo, {{{"type", "echo"}, {"id", "a"}, {"headers", {{"traceparent", traceparent}, {"tracestate", "vendor=y"}}}}});
  const testing::SpanList spans;
  std::optional<TraceContext> seen;
  Mux mux;
  mux.handle("echo", [&](Context& ctx) {
    seen = ctx.trace();
    return Outcome::done();
  });
  Server server(broker());
  ASSERT_TRUE(server.start(mux));
  ASSERT_TRUE(server.wait_until_empty());
  server.stop();
  const TraceContext sent = *parse_traceparent(traceparent);
  const Span run = spans.find("process echo");
  EXPECT_EQ(run.context.trace_id, sent.trace_id);
  EXPECT_EQ(run.parent, sent.span_id);
  ASSERT_TRUE(seen);
  EXPECT_EQ(seen->span_id, run.context.span_id) << "what the handler enqueues hangs below its run";
  EXPECT_EQ(seen->state, "vendor=y");
}

// What a Go server puts back keeps its trace.
TEST_F(Traces, ARetryOnAGoServerKeepsTheContext) {
  if (IsSkipped() || !can_use({Language::kGo})) return;
  const testing::SpanList spans;
  ASSERT_TRUE(Client(broker()).enqueue(Task("fail", "x"), EnqueueOptions().task_id("a").max_retry(0)));
  serve_until_idle(Language::kGo);
  const json task = inspect(Language::kCpp, {{"do", "task"}, {"queue", "default"}, {"id", "a"}});
  EXPECT_EQ(task["state"], "archived");
  EXPECT_EQ(task["headers"]["traceparent"], format_traceparent(spans.find("enqueue fail").context));
}

}  // namespace
}  // namespace windlass::interop
