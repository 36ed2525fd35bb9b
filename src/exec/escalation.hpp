// Escalation: when a run that was told to stop meets which signal. Pure; times are steady.
//
//   told to stop            nothing, or SIGTERM at once: as its kind of process can hear
//   `terminate` later       SIGTERM to the process group
//   `kill` later            SIGKILL
//   for a shutdown or a lost lease the task may soon run elsewhere: SIGTERM after 200 ms, SIGKILL after 300 ms at the latest
#pragma once

#include <windlass/context.hpp>
#include <windlass/time.hpp>

namespace windlass::exec {

// The task may soon run elsewhere.
bool is_urgent(StopReason reason);

// Thread-compatible.
class Escalation {
 public:
  // After what time; both count from the moment in which the run is told.
  struct Times {
    Duration terminate{}, kill{};
  };

  void begin(const Times& times, bool urgent, Duration now);
  // It became urgent. Does nothing where the run was not told to stop.
  void hurry(Duration now);
  // The run is over.
  void end();

  // When take_due() has something; Duration::max(): never.
  Duration next() const;
  // The signal that is due: SIGTERM, and in a later call SIGKILL. 0: none.
  int take_due(Duration now);

 private:
  static constexpr Duration kNever = Duration::max();
  Duration terminate_at_ = kNever, kill_at_ = kNever;
};

}  // namespace windlass::exec
