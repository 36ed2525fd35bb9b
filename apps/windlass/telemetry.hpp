// What the tool says of itself while it runs: traces to a collector, metrics to a Prometheus.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include <windlass/metrics_endpoint.hpp>
#include <windlass/trace.hpp>

#include "session.hpp"

namespace windlass::app {

// Spans go where --traces says for as long as it lives, and the trace that the environment names (TRACEPARENT, as `work --exec` gives it)
// goes on in what the calling thread enqueues.
class Traces {
 public:
  static Result<std::unique_ptr<Traces>> start(const Session& session);
  ~Traces();  // sends what is left

 private:
  Traces();
  const TraceScope scope_;
};

// --metrics-listen, for commands that go on for long.
void add_metrics_listen(CLI::App& command, std::optional<std::string>& into);
// Serves session.metrics there, if it is given. Errors: those of MetricsEndpoint::start().
Result<std::unique_ptr<MetricsEndpoint>> serve_metrics(const Session& session, const std::optional<std::string>& listen);

}  // namespace windlass::app
