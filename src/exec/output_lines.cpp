#include "exec/output_lines.hpp"

#include <utility>

namespace windlass::exec {
namespace {

constexpr std::size_t kLineMax = 8 << 10;

}  // namespace

void OutputLines::append(std::string_view bytes) {
  tail_ += bytes;
  if (tail_.size() > 2 * tail_max_ + kLineMax) tail_.erase(0, tail_.size() - tail_max_);
  if (!sink_) return;
  line_ += bytes;
  std::size_t start = 0;
  for (auto end = next_cut(start); end != line_.npos; end = next_cut(start)) {
    sink_(std::string_view(line_).substr(start, end - start));
    start = end + (line_[end] == '\n' ? 1 : 0);
  }
  line_.erase(0, start);
}

void OutputLines::end_line() {
  if (sink_ && !line_.empty()) sink_(line_);
  line_.clear();
}

std::string OutputLines::take_tail() {
  if (tail_.size() > tail_max_) tail_.erase(0, tail_.size() - tail_max_);
  return std::exchange(tail_, {});
}

std::size_t OutputLines::next_cut(std::size_t start) const {
  const std::size_t newline = line_.find('\n', start);
  const bool too_long = newline == line_.npos ? line_.size() - start > kLineMax : newline - start > kLineMax;
  return too_long ? start + kLineMax : newline;
}

}  // namespace windlass::exec
