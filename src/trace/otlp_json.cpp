#include "trace/otlp_json.hpp"

#include "base/json_text.hpp"
#include "trace/hex.hpp"

namespace windlass::trace {
namespace {

// Of opentelemetry.proto.trace.v1.Status.
constexpr std::string_view kStatusError = "2";

std::string hex_text(std::span<const std::uint8_t> id) { return "\"" + to_hex(id) + "\""; }

void append_attribute(std::string& out, std::string_view name, const std::variant<std::string, std::int64_t>& value) {
  out += R"({"key":)";
  base::append_json_string(out, name);
  if (const auto* text = std::get_if<std::string>(&value)) {
    out += R"(,"value":{"stringValue":)";
    base::append_json_string(out, *text);
  } else {
    out += R"(,"value":{"intValue":")" + std::to_string(std::get<std::int64_t>(value)) + '"';
  }
  out += "}}";
}

std::string nanos(TimePoint t) { return "\"" + std::to_string(t.time_since_epoch().count()) + "\""; }

void append_span(std::string& out, const Span& span) {
  out += R"({"traceId":)" + hex_text(span.context.trace_id);
  out += R"(,"spanId":)" + hex_text(span.context.span_id);
  if (!span.context.state.empty()) {
    out += R"(,"traceState":)";
    base::append_json_string(out, span.context.state);
  }
  if (span.parent != SpanId{}) {
    out += R"(,"parentSpanId":)" + hex_text(span.parent);
  }
  out += R"(,"name":)";
  base::append_json_string(out, span.name);
  out += R"(,"kind":)" + std::to_string(static_cast<int>(span.kind));
  out += R"(,"startTimeUnixNano":)" + nanos(span.start) + R"(,"endTimeUnixNano":)" + nanos(span.end);
  out += R"(,"attributes":[)";
  for (std::size_t i = 0; i < span.attributes.size(); ++i) {
    if (i > 0) out += ',';
    append_attribute(out, span.attributes[i].first, span.attributes[i].second);
  }
  out += R"(],"status":{)";
  if (span.failed) {
    out.append(R"("code":)").append(kStatusError).append(R"(,"message":)");
    base::append_json_string(out, span.error);
  }
  out += "}}";
}

}  // namespace

std::string otlp_json(std::span<const Span> spans, std::string_view service) {
  std::string out = R"({"resourceSpans":[{"resource":{"attributes":[)";
  append_attribute(out, "service.name", std::string(service));
  out += R"(]},"scopeSpans":[{"scope":{"name":"windlass"},"spans":[)";
  for (std::size_t i = 0; i < spans.size(); ++i) {
    if (i > 0) out += ',';
    append_span(out, spans[i]);
  }
  return out + "]}]}]}";
}

}  // namespace windlass::trace
