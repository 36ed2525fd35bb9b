// GET /metrics, for a Prometheus to scrape, and what a store says of its queues.
//
//   auto metrics = std::make_shared<windlass::Metrics>();
//   windlass::ServerConfig config;
//   config.metrics = metrics;
//   windlass::MetricsEndpoint endpoint(metrics, "127.0.0.1:9464");
//   windlass::Server server(broker, config);
//   server.attach(endpoint);
//   return server.run(mux) ? 0 : 1;
#pragma once

#include <memory>
#include <string>

#include <windlass/broker.hpp>
#include <windlass/error.hpp>
#include <windlass/metrics.hpp>
#include <windlass/service.hpp>

namespace windlass {

// Serves Metrics::text(), and beside it what Prometheus' own clients say of a process (process_cpu_seconds_total and so on), at
// /metrics over HTTP/1.1, on threads of its own. There is no login: let it listen where only those reach it who may read.
// Thread-safe. States: new -> running -> closed.
class MetricsEndpoint final : public Service {
 public:
  // `listen` is HOST:PORT: "127.0.0.1:9464", "[::1]:9464", or ":9464" for all addresses of the machine. Port 0: one that is free.
  MetricsEndpoint(MetricsPtr metrics, std::string listen);
  ~MetricsEndpoint() override;  // as stop()
  MetricsEndpoint(const MetricsEndpoint&) = delete;
  MetricsEndpoint& operator=(const MetricsEndpoint&) = delete;

  // Errors: kInvalidArgument (no HOST:PORT), kUnavailable (the port is taken), kPermissionDenied, kFailedPrecondition (started before).
  Status start() override;
  void stop() override;

  // HOST:PORT with the port in use; "" before start().
  std::string address() const;

 private:
  struct Impl;
  const std::unique_ptr<Impl> impl_;
};

// Which names what a store says of its queues gets.
enum class QueueMetricNames : std::uint8_t {
  kWindlass,
  kAsynq,  // those of Asynq's x/metrics: asynq_queue_size and so on, for dashboards that know them
  kBoth,
};

// A collector (Metrics::add_collector) that asks the store at each text for its queues, servers and schedulers: a round trip for each queue,
// so it belongs into one process of a fleet, as `windlass exporter` is, not into every worker. Of more than Metrics::kSeriesMax queues the
// first ones by name are shown. While the store cannot be reached it says so (windlass_broker_up 0), and nothing else.
Metrics::Collector queue_collector(BrokerPtr broker, QueueMetricNames names = QueueMetricNames::kWindlass);

}  // namespace windlass
