// What stands in a job: "<due time in unix nanoseconds>/<payload>", as go-queue writes it. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include <windlass/time.hpp>

namespace windlass::dq {

std::string wrap_body(TimePoint at, std::string_view payload);

struct Unwrapped {
  TimePoint at;
  std::string_view payload;  // of the bytes that were given
};
// Nothing if these bytes are no message: no slash among the first 21, or no number in front of it.
std::optional<Unwrapped> unwrap_body(std::string_view body);

}  // namespace windlass::dq
