#include <windlass/metrics_endpoint.hpp>

#include <utility>

#include <windlass/log.hpp>

#include "base/mutex.hpp"
#include "http/listen.hpp"
#include "http/router.hpp"
#include "http/server.hpp"
#include "metrics/process.hpp"

namespace windlass {

struct MetricsEndpoint::Impl {
  Impl(MetricsPtr m, std::string l) : metrics(std::move(m)), listen(std::move(l)) {
    router.add("GET", "/metrics", [this](http::Request&) { return http::Response::text(200, page(), Metrics::kTextType); });
    process = own.add_collector(metrics::collect_process);
  }

  // Two texts of metrics that share no name are one.
  std::string page() const { return metrics->text() + own.text(); }
  Status start();

  const MetricsPtr metrics;
  const std::string listen;
  Metrics own;  // of the process
  std::shared_ptr<void> process;
  http::Router router;
  mutable base::Mutex mu;
  std::unique_ptr<http::Server> server WINDLASS_GUARDED_BY(mu);
  std::string address WINDLASS_GUARDED_BY(mu);
};

Status MetricsEndpoint::Impl::start() {
  base::Lock lock(mu);
  if (server) return Error(ErrorCode::kFailedPrecondition, "it was started before; make a new one");
  auto place = http::parse_listen(listen);
  if (!place) return place.error();
  http::ServerConfig config;
  config.host = place->host;
  config.port = place->port;
  config.workers = 1;
  server = std::make_unique<http::Server>(config, [this](http::Request& request) { return router.handle(request); });
  if (Status started = server->start(); !started) return started;
  address = http::format_listen({place->host, server->port()});
  log_info("metrics are served", {{"address", address}});
  return {};
}

MetricsEndpoint::MetricsEndpoint(MetricsPtr metrics, std::string listen)
    : impl_(std::make_unique<Impl>(std::move(metrics), std::move(listen))) {}

MetricsEndpoint::~MetricsEndpoint() { stop(); }

Status MetricsEndpoint::start() {
  Status started = impl_->start();
  return started ? started : started.error().at("metrics on '" + impl_->listen + "'");
}

void MetricsEndpoint::stop() {
  base::Lock lock(impl_->mu);
  if (impl_->server) impl_->server->stop();
}

std::string MetricsEndpoint::address() const {
  base::Lock lock(impl_->mu);
  return impl_->address;
}

}  // namespace windlass
