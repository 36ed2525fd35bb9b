// ServerRuntime: a whole server: its threads, and the order in which they start and stop. windlass::Server is this with the
// machine's clock; tests give it another.
//
// docs/internals/runtime.md tells the life of a task through it.
#pragma once

#include <memory>
#include <string>

#include <windlass/broker.hpp>
#include <windlass/server.hpp>

#include "base/clock.hpp"
#include "base/random.hpp"
#include "runtime/counters.hpp"

namespace windlass::runtime {

// Thread-safe. For the contract of start, quiet, stop and wait_until_empty see windlass::Server.
class ServerRuntime {
 public:
  ServerRuntime(BrokerPtr broker, ServerConfig config, base::Clock& clock, base::Random random);
  ~ServerRuntime();  // as stop()

  Status start(const Mux& mux);
  void quiet();
  void stop();
  Status wait_until_empty();
  Status ping();

  // HOST:PID:UUID, under which its tasks are leased.
  const std::string& id() const;
  const Counters& counters() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace windlass::runtime
