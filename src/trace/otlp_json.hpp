// Spans as the JSON of OTLP/HTTP (ExportTraceServiceRequest): ids in hexadecimal, 64-bit numbers as text. Pure.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include <windlass/trace.hpp>

namespace windlass::trace {

std::string otlp_json(std::span<const Span> spans, std::string_view service);

}  // namespace windlass::trace
