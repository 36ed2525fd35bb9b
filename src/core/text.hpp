// Text: blank checks, UTF-8, and durations the way Go writes them.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include <windlass/error.hpp>
#include <windlass/time.hpp>

namespace windlass::core {

// Empty or only Unicode white space.
bool is_blank(std::string_view text);

bool is_valid_utf8(std::string_view bytes);
// How many bytes come before the first invalid sequence; all of them if there is none.
std::size_t valid_utf8_prefix(std::string_view bytes);
// The text with every byte that is not UTF-8 replaced by U+FFFD.
std::string to_valid_utf8(std::string_view bytes);

// "1h30m0s", "1.5s", "300ms", "0s": as Go's time.Duration prints it.
std::string format_duration(Duration d);
// What Go's time.ParseDuration takes ("1h30m", "1.5s", "-2us", "0"), plus whole days as "d" in first place ("7d12h").
// Errors: kInvalidArgument, naming the text, the place and what is allowed.
Result<Duration> parse_duration(std::string_view text);

// "2026-11-21T07:00:00Z", with as many digits of the second's fraction as are not zero.
std::string format_time(TimePoint t);
// RFC 3339, any offset, up to nine digits of fraction. Errors: kInvalidArgument.
Result<TimePoint> parse_time(std::string_view text);
// "YYYY-MM-DD" of the UTC day.
std::string format_date(TimePoint t);

}  // namespace windlass::core
