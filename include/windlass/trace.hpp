// Traces: which request a task belongs to, in the form of W3C Trace Context and OpenTelemetry.
//
//   windlass::OtlpOptions options;
//   options.service = "mailer";
//   auto sink = windlass::make_otlp_sink(options);               // to a collector on 127.0.0.1:4318
//   if (!sink) return fail(sink.error());
//   windlass::set_span_sink(*sink);
//
// From then on clients, schedulers and servers of this process write spans: "enqueue TYPE", "tick ENTRY", "process TYPE" and "retry
// TYPE" (what a task waited since its last failure). They pass the context on in the task's headers, so that client, handler and what
// the handler enqueues are one trace, whichever processes and languages they are in.
//
// Without a sink nothing is added to tasks, but a context that is there is passed on: from a task's headers to its handler, and from
// the handler to what it enqueues.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include <windlass/error.hpp>
#include <windlass/metrics.hpp>
#include <windlass/task.hpp>
#include <windlass/time.hpp>

namespace windlass {

// The headers of a task that carry its context.
inline constexpr std::string_view kTraceparentHeader = "traceparent";
inline constexpr std::string_view kTracestateHeader = "tracestate";

// Of a trace; all zero: none.
using TraceId = std::array<std::uint8_t, 16>;
// Of a span; all zero: none.
using SpanId = std::array<std::uint8_t, 8>;

// A place in a trace. Thread-compatible value.
struct TraceContext {
  TraceId trace_id{};
  SpanId span_id{};
  bool sampled = false;  // spans are wanted
  std::string state;     // tracestate: passed on as it came

  TraceContext() {}  // NOLINT(modernize-use-equals-default): g++ 12 destroys aggregates twice around co_await
  friend bool operator==(const TraceContext&, const TraceContext&) = default;
};

// "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
std::string format_traceparent(const TraceContext& context);
// Nothing for what is no traceparent by the W3C's rules. Those of later versions are read as far as they are known.
std::optional<TraceContext> parse_traceparent(std::string_view text);
// The context in a task's headers.
std::optional<TraceContext> find_trace(const Headers& headers);
// Lower-case hexadecimal.
std::string format_trace_id(const TraceId& id);

// The context of the calling thread: in a handler that of its run.
std::optional<TraceContext> current_trace();

// Sets the context of this thread during its life; scopes nest. For programs that have a context from elsewhere, as from an HTTP
// request, when they enqueue; and for handlers that hand work to threads of their own.
class TraceScope {
 public:
  // nullopt: none, also where there was one.
  explicit TraceScope(std::optional<TraceContext> context);
  ~TraceScope();
  TraceScope(const TraceScope&) = delete;
  TraceScope& operator=(const TraceScope&) = delete;

 private:
  std::optional<TraceContext> outer_;
};

// With the numbers of OpenTelemetry.
enum class SpanKind : std::uint8_t { kInternal = 1, kProducer = 4, kConsumer = 5 };

// Something that took time. Thread-compatible value.
struct Span {
  TraceContext context;  // with the span's own id
  SpanId parent{};       // all zero: none
  std::string name;
  SpanKind kind = SpanKind::kInternal;
  TimePoint start, end;
  std::vector<std::pair<std::string, std::variant<std::string, std::int64_t>>> attributes;
  bool failed = false;
  std::string error;     // where it failed

  Span() {}  // NOLINT(modernize-use-equals-default)
};

// Takes spans. Must be thread-safe; must not throw or block.
class SpanSink {
 public:
  virtual ~SpanSink() = default;
  // Takes a span that has ended.
  virtual void write(Span span) = 0;
};

// Replaces the sink of the process, for all spans from now on. nullptr, the default, turns tracing off. Of the traces that begin in
// this process, `sample_ratio` (0 to 1) are sampled; those that began elsewhere are sampled if they say so. Thread-safe.
void set_span_sink(std::shared_ptr<SpanSink> sink, double sample_ratio = 1);

// Where spans are sent, and how many at once.
struct OtlpOptions {
  OtlpOptions() {}  // NOLINT(modernize-use-equals-default)

  std::string url = "http://127.0.0.1:4318/v1/traces";  // of a collector; https too
  std::map<std::string, std::string> headers;           // of each request, as for a token
  std::string service = "windlass";                     // service.name
  std::size_t queue_max = 4096;                         // spans that wait; one more is dropped, and counted
  std::size_t batch_max = 512;                          // spans of one request
  Duration interval = std::chrono::seconds(1);          // between requests that are not full
  Duration timeout = std::chrono::seconds(10);          // of a request
  MetricsPtr metrics;                                   // where spans sent and dropped are counted
};

// Sends spans to a collector by OTLP/HTTP in JSON, on a thread of its own. A request that the collector refuses for now is sent again; its
// destructor sends what is there, for at most 5 s. Errors: kInvalidArgument (url, a 0).
Result<std::shared_ptr<SpanSink>> make_otlp_sink(OtlpOptions options);

}  // namespace windlass
