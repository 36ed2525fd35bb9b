// Role: one of the things that a server does again and again beside running handlers.
//
// A role holds no thread and never sleeps: step() does what is due now, through the broker, and says when it wants to run
// next. RoleThread drives one in a real server; tests and simulations call step() themselves.
#pragma once

#include <string_view>

#include <windlass/time.hpp>

namespace windlass::runtime {

// Confined to the thread that steps it, except where a role says otherwise.
class Role {
 public:
  virtual ~Role() = default;
  // For logs: "forwarder".
  virtual std::string_view name() const = 0;
  // Does what is due at `now` (wall clock) and returns when to call again. A time that is not later than `now` means: at
  // once, but let others have the store first. Never throws.
  virtual TimePoint step(TimePoint now) = 0;
};

}  // namespace windlass::runtime
