// Durations as text, to and from: see text.hpp.
#include <cstdint>
#include <optional>

#include "core/text.hpp"

namespace windlass::core {

namespace {

constexpr std::uint64_t kMicro = 1'000;
constexpr std::uint64_t kMilli = 1'000'000;
constexpr std::uint64_t kSecond = 1'000'000'000;
constexpr std::uint64_t kMinute = 60 * kSecond;
constexpr std::uint64_t kHour = 60 * kMinute;
constexpr std::uint64_t kDay = 24 * kHour;

// Magnitude of the longest negative duration; the longest positive one is 1 ns shorter.
constexpr std::uint64_t kMagnitudeMax = std::uint64_t{1} << 63;

// nanos / unit in decimal, as many digits as are not zero.
std::string decimal(std::uint64_t nanos, std::uint64_t unit) {
  std::string text = std::to_string(nanos / unit);
  std::uint64_t rest = nanos % unit;
  if (rest == 0) return text;
  text += '.';
  for (std::uint64_t place = unit / 10; rest != 0; place /= 10) {
    text += static_cast<char>('0' + rest / place);
    rest %= place;
  }
  return text;
}

std::optional<std::uint64_t> find_unit(std::string_view name) {
  if (name == "ns") return 1;
  if (name == "us" || name == "\xC2\xB5s" || name == "\xCE\xBCs") return kMicro;  // micro sign, Greek mu
  if (name == "ms") return kMilli;
  if (name == "s") return kSecond;
  if (name == "m") return kMinute;
  if (name == "h") return kHour;
  if (name == "d") return kDay;
  return std::nullopt;
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// A number before its unit.
struct Number {
  std::uint64_t whole = 0;
  double fraction = 0;        // digits after the point as an integer
  double fraction_scale = 1;  // 10 to the number of those digits
  bool has_point = false;
};

class DurationParser {
 public:
  explicit DurationParser(std::string_view text) : text_(text) {}

  Result<Duration> parse() {
    const bool negative = !text_.empty() && text_[0] == '-';
    if (negative || (!text_.empty() && text_[0] == '+')) ++at_;
    if (text_.substr(at_) == "0") return Duration(0);
    if (at_ == text_.size()) return fail(at_, "there is no number");
    const std::size_t first = at_;
    while (at_ < text_.size()) {
      if (Status status = add_term(at_ == first); !status) return status.error();
    }
    if (negative) return Duration(static_cast<std::int64_t>(0 - total_));
    if (total_ == kMagnitudeMax) return too_long(first);
    return Duration(static_cast<std::int64_t>(total_));
  }

 private:
  // One number with its unit.
  Status add_term(bool first) {
    const std::size_t start = at_;
    Result<Number> number = take_number();
    if (!number) return number.error();
    const std::size_t unit_start = at_;
    const std::string_view name = take_unit_name();
    if (name.empty()) return fail(unit_start, "the unit is missing");
    const std::optional<std::uint64_t> unit = find_unit(name);
    if (!unit) return fail(unit_start, "unknown unit \"" + to_valid_utf8(name) + "\"");
    if (*unit == kDay && !first) return fail(start, "days must come first");
    if (*unit == kDay && number->has_point) return fail(start, "days must be whole");
    return add(*number, *unit, start);
  }

  Status add(const Number& number, std::uint64_t unit, std::size_t start) {
    if (number.whole > kMagnitudeMax / unit) return too_long(start);
    // In floating point, as Go does it: "0.3333333333333333333h" is 20 minutes. The product is less than one unit.
    const double part = number.fraction * (static_cast<double>(unit) / number.fraction_scale);
    const std::uint64_t nanos = number.whole * unit + static_cast<std::uint64_t>(part);
    if (nanos > kMagnitudeMax - total_) return too_long(start);
    total_ += nanos;
    return {};
  }

  Result<Number> take_number() {
    const std::size_t start = at_;
    Number number;
    std::size_t digits = 0;
    for (; at_ < text_.size() && is_digit(text_[at_]); ++at_, ++digits) {
      const auto digit = static_cast<std::uint64_t>(text_[at_] - '0');
      if (number.whole > (kMagnitudeMax - digit) / 10) return too_long(start);
      number.whole = number.whole * 10 + digit;
    }
    if (at_ < text_.size() && text_[at_] == '.') {
      number.has_point = true;
      ++at_;
      digits += take_fraction(number);
    }
    if (digits == 0) return fail(start, "there is no number");
    return number;
  }

  // Digits from the nineteenth or so on, where the value leaves 63 bits, are read over, as in Go.
  std::size_t take_fraction(Number& number) {
    const std::size_t start = at_;
    std::uint64_t value = 0;
    bool full = false;
    for (; at_ < text_.size() && is_digit(text_[at_]); ++at_) {
      const auto digit = static_cast<std::uint64_t>(text_[at_] - '0');
      full = full || value > (kMagnitudeMax - digit) / 10;
      if (full) continue;
      value = value * 10 + digit;
      number.fraction_scale *= 10;
    }
    number.fraction = static_cast<double>(value);
    return at_ - start;
  }

  std::string_view take_unit_name() {
    const std::size_t start = at_;
    while (at_ < text_.size() && text_[at_] != '.' && !is_digit(text_[at_])) ++at_;
    return text_.substr(start, at_ - start);
  }

  Error fail(std::size_t at, const std::string& what) const {
    return Error(
        ErrorCode::kInvalidArgument,
        "duration \"" + to_valid_utf8(text_) + "\": " + what + " at byte " + std::to_string(at) +
            "; write it like 1h30m, 1.5s, 250ms or 7d12h (units d, h, m, s, ms, us, ns; days whole and first)");
  }
  Error too_long(std::size_t at) const { return fail(at, "more than 292 years"); }

  std::string_view text_;
  std::size_t at_ = 0;
  std::uint64_t total_ = 0;  // <= kMagnitudeMax
};

}  // namespace

std::string format_duration(Duration d) {
  if (d.count() == 0) return "0s";
  const auto bits = static_cast<std::uint64_t>(d.count());
  const std::uint64_t nanos = d.count() < 0 ? 0 - bits : bits;
  const std::string sign = d.count() < 0 ? "-" : "";
  if (nanos < kMicro) return sign + std::to_string(nanos) + "ns";
  if (nanos < kMilli) return sign + decimal(nanos, kMicro) + "\xC2\xB5s";
  if (nanos < kSecond) return sign + decimal(nanos, kMilli) + "ms";
  std::string text = sign;
  if (nanos >= kHour) text += std::to_string(nanos / kHour) + "h";
  if (nanos >= kMinute) text += std::to_string(nanos / kMinute % 60) + "m";
  return text + decimal(nanos % kMinute, kSecond) + "s";
}

Result<Duration> parse_duration(std::string_view text) { return DurationParser(text).parse(); }

}  // namespace windlass::core
