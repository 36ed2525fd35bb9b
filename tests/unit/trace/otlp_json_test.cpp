// The JSON of OTLP, read by another implementation of JSON.
#include "trace/otlp_json.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace windlass::trace {
namespace {

using nlohmann::json;

Span sample_span() {
  Span span;
  span.context = *parse_traceparent("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01");
  span.name = "process email:send";
  span.kind = SpanKind::kConsumer;
  span.start = TimePoint(std::chrono::nanoseconds(1700000000123456789));
  span.end = TimePoint(std::chrono::nanoseconds(1700000001000000000));
  span.attributes = {{"messaging.destination.name", std::string("default")}, {"windlass.attempt", std::int64_t{2}}};
  return span;
}

json only_span(const std::vector<Span>& spans) { return json::parse(otlp_json(spans, "s"))["resourceSpans"][0]["scopeSpans"][0]["spans"][0]; }

TEST(OtlpJson, HasTheShapeThatCollectorsTake) {
  const std::vector<Span> spans{sample_span()};
  EXPECT_EQ(json::parse(otlp_json(spans, "mailer")), json::parse(R"({
    "resourceSpans": [{
      "resource": {"attributes": [{"key": "service.name", "value": {"stringValue": "mailer"}}]},
      "scopeSpans": [{
        "scope": {"name": "windlass"},
        "spans": [{
          "traceId": "4bf92f3577b34da6a3ce929d0e0e4736",
          "spanId": "00f067aa0ba902b7",
          "name": "process email:send",
          "kind": 5,
          "startTimeUnixNano": "1700000000123456789",
          "endTimeUnixNano": "1700000001000000000",
          "attributes": [
            {"key": "messaging.destination.name", "value": {"stringValue": "default"}},
            {"key": "windlass.attempt", "value": {"intValue": "2"}}
          ],
          "status": {}
        }]
      }]
    }]
  })"));
}

TEST(OtlpJson, SaysParentStateAndFailureWhereThereAreSome) {
  Span span = sample_span();
  span.parent[7] = 0xAB;
  span.context.state = "vendor=1";
  span.failed = true;
  span.error = "no";
  const json written = only_span({span});
  EXPECT_EQ(written["parentSpanId"], "00000000000000ab");
  EXPECT_EQ(written["traceState"], "vendor=1");
  EXPECT_EQ(written["status"], (json{{"code", 2}, {"message", "no"}}));
}

TEST(OtlpJson, StaysJsonWhateverTextsHold) {
  Span span = sample_span();
  span.name = "a\"b\\c\n\x01\xFF";
  span.failed = true;
  span.error = span.name;
  span.attributes = {{span.name, span.name}};
  const json written = only_span({span, span});
  EXPECT_EQ(written["name"], "a\"b\\c\n\x01\xEF\xBF\xBD");
  EXPECT_EQ(written["status"]["message"], written["name"]);
}

}  // namespace
}  // namespace windlass::trace
