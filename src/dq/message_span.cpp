#include "dq/message_span.hpp"

#include "trace/hex.hpp"

namespace windlass::dq {
namespace {

TraceId trace_id_of(const std::string& key) {
  TraceId id{};
  trace::read_hex(key, id);
  return id;
}

}  // namespace

trace::OpenSpan open_message_span(std::string_view what, SpanKind kind, const std::string& tube, const std::string& key,
                                  const std::optional<TraceContext>& parent, TimePoint start) {
  std::string name = std::string(what) + " " + tube;
  trace::OpenSpan span = parent ? trace::OpenSpan(std::move(name), kind, parent, start)
                                : trace::OpenSpan::in_trace(std::move(name), kind, trace_id_of(key), start);
  span.attribute("messaging.system", std::string("beanstalkd"))
      .attribute("messaging.operation.name", std::string(what))
      .attribute("messaging.destination.name", tube)
      .attribute("messaging.message.id", key);
  return span;
}

}  // namespace windlass::dq
