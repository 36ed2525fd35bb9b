// StartRetries: a process could not be started, for lack of processes, descriptors or memory, which may come back. When it is
// tried again, and how long a run waits for that.
#pragma once

#include <algorithm>
#include <utility>

#include <windlass/time.hpp>

namespace windlass::exec {

// Thread-compatible.
class StartRetries {
 public:
  // A run for which no process could be had for so long is given back: another server may have some.
  static constexpr Duration kPatience = std::chrono::seconds(2);

  // For how long to wait after this failure.
  Duration failed() { return std::exchange(next_, std::min(2 * next_, kLongest)); }
  void succeeded() { next_ = kFirst; }

 private:
  static constexpr Duration kFirst = std::chrono::milliseconds(10);
  static constexpr Duration kLongest = std::chrono::milliseconds(500);
  Duration next_ = kFirst;
};

}  // namespace windlass::exec
