// Executor: what runs handlers in processes other than this one: handler processes (process_pool.hpp), and commands
// (command_executor.hpp). From the caller's view a run is a call that blocks, as a handler on a thread is.
#pragma once

#include <windlass/context.hpp>
#include <windlass/time.hpp>

#include "exec/child_end.hpp"

namespace windlass::internal {

// Thread-safe.
class Executor {
 public:
  virtual ~Executor() = default;

  // Runs the handler of ctx.type(). Blocks until it is over, and no process of it runs any more.
  virtual exec::RunReport run(Context& ctx) = 0;
  // Runs that were told to stop before have no more time than those that are told at a shutdown.
  virtual void hurry() = 0;
  // Ends all runs; later ones fail. May be called twice, by one thread.
  virtual void close() = 0;
  // How long a run may go on at most after it was told to stop: then it is killed.
  virtual Duration stop_time() const = 0;
};

}  // namespace windlass::internal
