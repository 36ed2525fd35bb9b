#include "progress_bar.hpp"

#include <unistd.h>

#include <algorithm>
#include <cstdio>

namespace windlass::app {
namespace {

constexpr std::size_t kWidth = 30;
constexpr auto kPace = std::chrono::milliseconds(100);

}  // namespace

std::string progress_line(std::uint64_t done, std::uint64_t total, const std::string& unit) {
  const double share = total == 0 ? 1 : std::min(1.0, static_cast<double>(done) / static_cast<double>(total));
  const auto filled = static_cast<std::size_t>(share * kWidth);
  std::string bar(filled, '=');
  if (filled < kWidth) bar += '>' + std::string(kWidth - filled - 1, ' ');
  std::string percent = std::to_string(static_cast<int>(share * 100));
  percent.insert(0, 3 - percent.size(), ' ');
  return "[" + bar + "] " + percent + " %  " + std::to_string(done) + " of " + std::to_string(std::max(done, total)) +
         " " + unit;
}

ProgressBar::ProgressBar(std::uint64_t total, std::string unit)
    : total_(total), unit_(std::move(unit)), at_terminal_(::isatty(STDERR_FILENO) != 0) {}

ProgressBar::~ProgressBar() {
  if (drawn_) std::fputs("\r\x1b[K", stderr);
}

void ProgressBar::show(std::uint64_t done) {
  const auto now = std::chrono::steady_clock::now();
  if (!at_terminal_ || now < next_) return;
  next_ = now + kPace;
  drawn_ = true;
  std::fprintf(stderr, "\r%s\x1b[K", progress_line(done, total_, unit_).c_str());
}

}  // namespace windlass::app
