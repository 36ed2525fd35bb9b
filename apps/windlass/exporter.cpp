// windlass exporter: what a store says of its queues, for Prometheus.
#include <csignal>
#include <memory>
#include <string>

#include <CLI/CLI.hpp>

#include <windlass/metrics_endpoint.hpp>

#include "api/signal_watch.hpp"
#include "session.hpp"
#include "telemetry.hpp"

namespace windlass::app {
namespace {

struct ExporterArgs {
  std::string listen = "127.0.0.1:9463";
  bool asynq_names = false;
};

Result<int> exporter(const Session& session, const ExporterArgs& args) {
  auto signals = api::SignalWatch::open();
  if (!signals) return signals.error();
  const Result<BrokerPtr> broker = session.open();
  if (!broker) return broker.error();
  const QueueMetricNames names = args.asynq_names ? QueueMetricNames::kBoth : QueueMetricNames::kWindlass;
  const auto collector = session.metrics->add_collector(queue_collector(metered(*broker, session.metrics), names));
  const auto endpoint = serve_metrics(session, args.listen);
  if (!endpoint) return endpoint.error();
  while (signals->wait() == SIGTSTP) {
  }
  (*endpoint)->stop();
  return kOk;
}

}  // namespace

void add_exporter(CLI::App& app, Session& session) {
  CLI::App* command = app.add_subcommand("exporter", "Serve metrics of all queues for Prometheus");
  auto args = std::make_shared<ExporterArgs>();
  command->add_option("--listen", args->listen, "where, at /metrics; port 0: one that is free (default: 127.0.0.1:9463)")->type_name("HOST:PORT");
  command->add_flag("--asynq-names", args->asynq_names, "also under the names of Asynq's exporter, as asynq_queue_size");
  add_wait(*command, session);
  command->callback([&session, args] { session.run = [&session, args] { return exporter(session, *args); }; });
}

}  // namespace windlass::app
