// Trace contexts as text, and that of each thread.
#include <windlass/trace.hpp>

#include <algorithm>
#include <span>

#include "trace/hex.hpp"
#include "trace/thread_context.hpp"

namespace windlass {
namespace {

thread_local std::optional<TraceContext> open_context;

constexpr std::size_t kLength = 55;
constexpr std::uint8_t kSampledFlag = 1;

bool all_zero(std::span<const std::uint8_t> bytes) {
  return std::ranges::all_of(bytes, [](std::uint8_t byte) { return byte == 0; });
}

}  // namespace

std::string format_trace_id(const TraceId& id) { return trace::to_hex(id); }

std::string format_traceparent(const TraceContext& context) {
  return "00-" + trace::to_hex(context.trace_id) + "-" + trace::to_hex(context.span_id) + (context.sampled ? "-01" : "-00");
}

std::optional<TraceContext> parse_traceparent(std::string_view text) {
  if (text.size() < kLength || text[2] != '-' || text[35] != '-' || text[52] != '-') return std::nullopt;
  std::uint8_t version = 0;
  std::uint8_t flags = 0;
  TraceContext context;
  const bool read = trace::read_hex(text, {&version, 1}) && trace::read_hex(text.substr(3), context.trace_id) &&
                    trace::read_hex(text.substr(36), context.span_id) && trace::read_hex(text.substr(53), {&flags, 1});
  if (!read || version == 0xFF || all_zero(context.trace_id) || all_zero(context.span_id)) return std::nullopt;
  const bool more = text.size() > kLength;
  if (more && (version == 0 || text[kLength] != '-')) return std::nullopt;
  context.sampled = (flags & kSampledFlag) != 0;
  return context;
}

std::optional<TraceContext> find_trace(const Headers& headers) {
  if (headers.empty()) return std::nullopt;
  const auto parent = headers.find(std::string(kTraceparentHeader));
  if (parent == headers.end()) return std::nullopt;
  std::optional<TraceContext> context = parse_traceparent(parent->second);
  if (!context) return std::nullopt;
  if (const auto state = headers.find(std::string(kTracestateHeader)); state != headers.end()) context->state = state->second;
  return context;
}

std::optional<TraceContext> current_trace() { return open_context; }

TraceScope::TraceScope(std::optional<TraceContext> context) : outer_(std::move(context)) { open_context.swap(outer_); }
TraceScope::~TraceScope() { open_context.swap(outer_); }

void trace::swap_context(std::optional<TraceContext>& context) { open_context.swap(context); }

}  // namespace windlass
