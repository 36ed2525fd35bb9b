// How far long work is, on standard error; only where that is a terminal.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace windlass::app {

// "[=====>    ]  52 %  1234 of 2345 tasks". More than `total` is no harm: it may have been counted before others added
// to it.
std::string progress_line(std::uint64_t done, std::uint64_t total, const std::string& unit);

// Confined to one thread. Rubs itself out when it goes.
class ProgressBar {
 public:
  ProgressBar(std::uint64_t total, std::string unit);
  ~ProgressBar();
  ProgressBar(const ProgressBar&) = delete;
  ProgressBar& operator=(const ProgressBar&) = delete;

  // Draws at most ten times a second.
  void show(std::uint64_t done);

 private:
  std::uint64_t total_;
  std::string unit_;
  bool at_terminal_;
  bool drawn_ = false;
  std::chrono::steady_clock::time_point next_{};
};

}  // namespace windlass::app
