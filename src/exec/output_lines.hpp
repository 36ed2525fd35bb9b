// OutputLines: cuts what a process writes into lines, and keeps its tail. Pure.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

namespace windlass::exec {

// Thread-compatible.
class OutputLines {
 public:
  using Sink = std::function<void(std::string_view line)>;

  // `sink`, which may be empty, gets each line without its newline, longer ones in pieces of 8 KiB.
  OutputLines(Sink sink, std::size_t tail_max) : sink_(std::move(sink)), tail_max_(tail_max) {}

  void append(std::string_view bytes);
  // What came since the last newline is a line, too.
  void end_line();
  // The last bytes since the last call, at most tail_max.
  std::string take_tail();

 private:
  std::size_t next_cut(std::size_t start) const;

  const Sink sink_;
  const std::size_t tail_max_;
  std::string line_, tail_;
};

}  // namespace windlass::exec
