#include "dash/throughput.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <cstdio>

namespace windlass::app::dash {

void Throughput::look(std::uint64_t processed_total, TimePoint at) {
  const double seconds = std::chrono::duration<double>(at - at_).count();
  if (seen_ && seconds <= 0) return;
  if (seen_) {
    // A counter that went back was removed with its queue.
    const std::uint64_t more = processed_total >= total_ ? processed_total - total_ : processed_total;
    rates_.push_back(static_cast<double>(more) / seconds);
    if (rates_.size() > kKept) rates_.pop_front();
  }
  seen_ = true;
  total_ = processed_total;
  at_ = at;
}

std::string sparkline(const std::deque<double>& values, std::size_t width) {
  static constexpr std::array kEighths{" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
  const std::size_t shown = std::min(width, values.size());
  const auto first = values.end() - static_cast<std::ptrdiff_t>(shown);
  const double most = shown == 0 ? 0 : *std::max_element(first, values.end());
  std::string out(width - shown, ' ');
  for (auto value = first; value != values.end(); ++value) {
    const double share = most > 0 ? *value / most : 0;
    out += kEighths.at(static_cast<std::size_t>(std::ceil(share * 8)));
  }
  return out;
}

std::string short_count(std::uint64_t n) {
  static constexpr std::array kUnits{"", "k", "M", "G", "T", "P", "E"};
  double value = static_cast<double>(n);
  std::size_t unit = 0;
  for (; value >= 999.5 && unit + 1 < kUnits.size(); ++unit) value /= 1000;
  char text[32];
  std::snprintf(text, sizeof text, unit > 0 && value < 9.95 ? "%.1f%s" : "%.0f%s", value, kUnits.at(unit));
  return text;
}

std::string short_rate(double per_second) {
  char text[32];
  std::snprintf(text, sizeof text, "%.1f", per_second);
  return (per_second < 9.95 ? std::string(text) : short_count(static_cast<std::uint64_t>(std::llround(per_second)))) +
         "/s";
}

}  // namespace windlass::app::dash
