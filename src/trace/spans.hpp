// Where spans begin and end.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include <windlass/trace.hpp>

namespace windlass::trace {

// Whether there is a sink.
bool tracing();

// A span that has begun: it is written when it ends, if its trace is sampled.
class OpenSpan {
 public:
  OpenSpan() {}  // NOLINT(modernize-use-equals-default): none
  // A child of `parent`; without one it begins a trace.
  OpenSpan(std::string name, SpanKind kind, const std::optional<TraceContext>& parent, TimePoint start);

  // Begins a trace whose id others know too.
  static OpenSpan in_trace(std::string name, SpanKind kind, const TraceId& id, TimePoint start);
  // One whose context others know already; it has no parent.
  static OpenSpan with_context(std::string name, SpanKind kind, TraceContext context, TimePoint start);

  const TraceContext& context() const { return span_.context; }
  OpenSpan& attribute(std::string_view name, std::string value);
  OpenSpan& attribute(std::string_view name, std::int64_t value);
  void fail(std::string why);
  void end(TimePoint at);

 private:
  Span span_;
};

// Lets the headers carry the context, over one that is there.
void inject(const TraceContext& context, Headers& headers);

}  // namespace windlass::trace
