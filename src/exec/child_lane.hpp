// ChildLane: in a handler child, one connection on which the server hands in tasks, one after the other.
#pragma once

#include <cstdint>
#include <stop_token>

#include <windlass/mux.hpp>

#include "base/mutex.hpp"
#include "exec/channel.hpp"
#include "exec/child_orders.hpp"

namespace windlass::exec {

// serve() is for one thread; the others are thread-safe.
class ChildLane {
 public:
  ChildLane(int number, Fd socket, const Mux& mux, const ChildOrders& orders);

  // Runs what comes in. Returns when the server is gone.
  void serve();
  // Tells the run of this serial to stop: it may be on its way still.
  void stop(std::uint64_t serial, StopReason reason);

  // Sends what the handler reports. When it cannot be sent the process ends: nobody would ever know how the run went.
  void report(const Frame& frame);

  std::stop_token stop_token() const;
  StopReason stop_reason() const;

  // How many fields of the run stand in front of those of the handler on what its thread logs. For that thread.
  std::size_t run_log_fields() const { return run_log_fields_; }

 private:
  void run(TaskFrame task);
  void begin(std::uint64_t serial);

  const int number_;
  const Mux& mux_;
  const ChildOrders& orders_;
  Channel channel_;
  std::size_t run_log_fields_ = 0;

  base::Mutex send_mu_;  // a handler may report from threads of its own
  mutable base::Mutex mu_;
  std::uint64_t serial_ WINDLASS_GUARDED_BY(mu_) = 0;
  StopReason reason_ WINDLASS_GUARDED_BY(mu_) = StopReason::kNone;
  std::stop_source source_ WINDLASS_GUARDED_BY(mu_);
  // A stop that overtook its task.
  std::uint64_t early_serial_ WINDLASS_GUARDED_BY(mu_) = 0;
  StopReason early_reason_ WINDLASS_GUARDED_BY(mu_) = StopReason::kNone;
};

// The lane whose handler the calling thread runs; nullptr on all other threads.
ChildLane* current_lane();

}  // namespace windlass::exec
