// Handlers: the handlers of a server, each run where it is to run: on the calling thread, or in a child process.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include <windlass/mux.hpp>

#include "exec/child_end.hpp"
#include "exec/process_pool.hpp"

namespace windlass::runtime {

// Thread-safe, but for start(), which comes first, and stop(), which belongs to one thread.
class Handlers {
 public:
  // `mux` must outlive this.
  explicit Handlers(const Mux& mux) : mux_(mux) {}

  // Makes what the handlers need to run where their options, put over `server`, say.
  // Errors: kInvalidArgument (an option, named), those of ProcessPool::start().
  Status start(const HandlerOptions& server);
  // Ends the child processes, and with them the runs that a stopping server has given up. Later ones fail.
  void stop();

  // Runs the handler of the task, wherever that is, with the fields of the run on what it logs. Blocks until it is
  // over.
  exec::RunReport run(Context& ctx);
  // The server stops: those that were told to stop before get no more time than the others.
  void hurry();

 private:
  exec::ProcessPool* find_pool(const Context& ctx) const;

  // Patterns with the same options share a pool.
  struct Pool {
    HandlerOptions options;
    std::unique_ptr<exec::ProcessPool> pool;
  };
  Result<exec::ProcessPool*> pool_for(const HandlerOptions& options);

  const Mux& mux_;
  std::vector<Pool> pools_;
  std::map<std::string, exec::ProcessPool*> pool_of_;  // by pattern; only those in processes
};

}  // namespace windlass::runtime
