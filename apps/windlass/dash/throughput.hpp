// Throughput: how fast a queue is worked on, from its counters as they were seen.
#pragma once

#include <cstdint>
#include <deque>
#include <string>

#include <windlass/time.hpp>

namespace windlass::app::dash {

// Runs a second between looks, oldest first. The first look gives nothing: there is nothing to compare it with.
class Throughput {
 public:
  static constexpr std::size_t kKept = 120;

  void look(std::uint64_t processed_total, TimePoint at);
  const std::deque<double>& rates() const { return rates_; }
  double last() const { return rates_.empty() ? 0 : rates_.back(); }

 private:
  bool seen_ = false;
  std::uint64_t total_ = 0;
  TimePoint at_;
  std::deque<double> rates_;
};

// The last `width` values as bars of eighths, the greatest of them full: "▁▃█"; nothing at all is a blank.
std::string sparkline(const std::deque<double>& values, std::size_t width);
// "1.2k", "3.4M": at most five characters.
std::string short_count(std::uint64_t n);
std::string short_rate(double per_second);

}  // namespace windlass::app::dash
