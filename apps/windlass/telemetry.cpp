#include "telemetry.hpp"

#include <cstdlib>

#include <CLI/CLI.hpp>

namespace windlass::app {
namespace {

// The variable is gone then: it is no business of the commands that this process starts.
std::string take_variable(const char* name) {
  const char* const found = std::getenv(name);
  std::string value = found == nullptr ? "" : found;
  ::unsetenv(name);
  return value;
}

std::optional<TraceContext> trace_of_environment() {
  std::optional<TraceContext> context = parse_traceparent(take_variable("TRACEPARENT"));
  const std::string state = take_variable("TRACESTATE");
  if (context) context->state = state;
  return context;
}

}  // namespace

Traces::Traces() : scope_(trace_of_environment()) {}
Traces::~Traces() { set_span_sink(nullptr); }

Result<std::unique_ptr<Traces>> Traces::start(const Session& session) {
  if (!session.traces.empty()) {
    OtlpOptions options;
    options.url = session.traces;
    options.metrics = session.metrics;
    auto sink = make_otlp_sink(std::move(options));
    if (!sink) return sink.error().at("--traces");
    set_span_sink(*std::move(sink));
  }
  return std::unique_ptr<Traces>(new Traces);
}

void add_metrics_listen(CLI::App& command, std::optional<std::string>& into) {
  command.add_option("--metrics-listen", into, "serve metrics for Prometheus there, at /metrics; port 0: one that is free")
      ->type_name("HOST:PORT");
}

Result<std::unique_ptr<MetricsEndpoint>> serve_metrics(const Session& session, const std::optional<std::string>& listen) {
  auto endpoint = std::make_unique<MetricsEndpoint>(session.metrics, listen.value_or(""));
  if (!listen) return endpoint;
  if (Status started = endpoint->start(); !started) return started.error();
  return endpoint;
}

}  // namespace windlass::app
