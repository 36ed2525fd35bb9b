// Time as windlass uses it: nanoseconds on the wall clock.
#pragma once

#include <chrono>

namespace windlass {

// A length of time. Everything is kept in nanoseconds; stores and servers act to the millisecond.
using Duration = std::chrono::nanoseconds;

// A point on the wall clock (UTC). The default value, the unix epoch, means "not set" wherever a TimePoint is optional.
using TimePoint = std::chrono::time_point<std::chrono::system_clock, Duration>;

inline constexpr TimePoint kNoTime{};

}  // namespace windlass
