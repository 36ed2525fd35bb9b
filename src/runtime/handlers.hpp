// Handlers: the handlers of a server, each run where it is to run: on the calling thread, or by an executor of its own, in
// another process.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <windlass/mux.hpp>

#include "exec/child_end.hpp"
#include "exec/executor.hpp"

namespace windlass::runtime {

// Thread-safe, but for start(), which comes first, and stop(), which belongs to one thread.
class Handlers {
 public:
  // `mux` must outlive this.
  explicit Handlers(const Mux& mux) : mux_(mux) {}

  // Makes what the handlers need to run where their options, put over `server`, say.
  // Errors: kInvalidArgument (an option, named), those of ProcessPool::start().
  Status start(const HandlerOptions& server);
  // Ends their processes, and with them the runs that a stopping server has given up. Later ones fail.
  void stop();

  // Runs the handler of the task, wherever that is, with the fields of the run on what it logs. Blocks until it is
  // over.
  exec::RunReport run(Context& ctx);
  // The server stops: those that were told to stop before get no more time than the others.
  void hurry();
  // How long the handler of the task may go on after it was told to stop, and is killed then; nothing: it is not.
  std::optional<Duration> stop_time(const Context& ctx) const;

 private:
  using Executor = windlass::internal::Executor;

  Executor* find(const Context& ctx) const;

  // Patterns with the same options share a pool of processes.
  struct Pool {
    HandlerOptions options;
    Executor* executor;
  };
  Result<Executor*> pool_for(const HandlerOptions& options);

  const Mux& mux_;
  std::vector<std::shared_ptr<Executor>> executors_;
  std::vector<Pool> pools_;
  std::map<std::string, Executor*> executor_of_;  // by pattern; only those that have one
};

}  // namespace windlass::runtime
