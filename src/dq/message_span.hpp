// Spans of messages. A message has no place for the context of its producer, so its trace has the id that both sides know: the MD5 of the
// message. Where the producer's caller has a trace of its own, the producer's span belongs to that.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "trace/spans.hpp"

namespace windlass::dq {

// REQUIRES: `key` is an MD5 in hexadecimal.
trace::OpenSpan open_message_span(std::string_view what, SpanKind kind, const std::string& tube, const std::string& key,
                                  const std::optional<TraceContext>& parent, TimePoint start);

}  // namespace windlass::dq
