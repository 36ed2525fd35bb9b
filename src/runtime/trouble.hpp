// Trouble: how a role takes the errors of its store: it waits longer from failure to failure, and does not flood the log.
#pragma once

#include <string_view>

#include <windlass/error.hpp>
#include <windlass/time.hpp>

#include "base/clock.hpp"
#include "base/random.hpp"

namespace windlass::runtime {

// Thread-compatible.
class Trouble {
 public:
  static constexpr Duration kFirst = std::chrono::milliseconds(100);
  static constexpr Duration kLongest = std::chrono::seconds(5);
  static constexpr Duration kLogEvery = std::chrono::seconds(3);

  Trouble(std::string_view who, base::Clock& clock, base::Random random);

  // Notes a failure, logs it (at most one in kLogEvery, with the number of those not logged), and returns for how long to
  // wait: 100 ms, doubled from failure to failure up to 5 s, a random part of up to a half taken off.
  Duration failed(const Error& error);
  // Notes a success; logged if it ends a trouble that was logged.
  void ended();

 private:
  void log(const Error& error);

  const std::string_view who_;
  base::Clock& clock_;
  base::Random random_;
  Duration next_ = kFirst;
  Duration logged_at_{};  // steady
  bool logged_ = false;        // ever
  bool streak_logged_ = false; // since the last success
  int unlogged_ = 0;
  int failures_ = 0;           // since the last success
};

}  // namespace windlass::runtime
