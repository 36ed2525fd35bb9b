// WebServer: the dashboard's REST API, live updates and app over HTTP.
//
//   web::WebConfig config;
//   config.port = 8080;
//   auto server = web::WebServer::open(broker, config);
//   if (!server) return server.error();
//   if (Status started = (*server)->start(); !started) return started.error();
//
// docs/reference/rest.md describes the API, docs/operate/security.md who may use it.
#pragma once

#include <cstdint>
#include <memory>

#include <windlass/broker.hpp>
#include <windlass/error.hpp>

#include "base/clock.hpp"
#include "http/router.hpp"
#include "web/config.hpp"

namespace windlass::web {

// Thread-compatible. States: new -> running -> stopped.
class WebServer {
 public:
  // Errors: kInvalidArgument (a setting that cannot be, or is not safe), kPermissionDenied (a file that others can read).
  static Result<std::unique_ptr<WebServer>> open(BrokerPtr broker, WebConfig config, base::Clock& clock = base::real_clock());
  ~WebServer();  // as stop()

  // What GET /metrics says, for those who may look. REQUIRES: not started.
  void mount_metrics(http::Handler handler);

  // Errors: kUnavailable (the port is taken), kPermissionDenied.
  Status start();
  void stop();
  // 0 before start().
  std::uint16_t port() const;

  // All routes below the root path, for the test of the OpenAPI document.
  const http::Router& router() const;

 private:
  struct Impl;
  explicit WebServer(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace windlass::web
