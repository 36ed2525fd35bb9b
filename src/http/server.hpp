// Server: HTTP/1.1 for dashboards, REST and metrics.
//
//   http::Router router;
//   router.add("GET", "/metrics", [&](http::Request&) { return http::Response::text(200, collect(), "text/plain; version=0.0.4"); });
//   http::ServerConfig config;
//   config.host = "127.0.0.1";
//   config.port = 9090;                      // 0: one that is free, see port()
//   http::Server server(config, [&](http::Request& request) { return router.handle(request); });
//   if (Status started = server.start(); !started) return started.error();
//   ...
//   server.stop();
//
// One loop thread owns all sockets (src/net's Reactor) and never blocks; a few workers run the handlers, which may. A client that
// is slow, silent or gone costs a descriptor and a few KiB for a while, never a thread, and nobody waits for it. An event stream
// (EventStream) costs no worker either, so hundreds of them are cheap.
//
// Left out on purpose: HTTP/2, pipelining (requests of one connection are served one after the other), ranges, multipart,
// WebSocket, files of a file system.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include <windlass/error.hpp>
#include <windlass/time.hpp>

#include "base/clock.hpp"
#include "http/message.hpp"
#include "http/parser.hpp"
#include "http/router.hpp"

namespace windlass::net {
class TlsIdentity;
}

namespace windlass::http {

class Loop;
class Workers;

struct ServerConfig {
  ServerConfig() {}  // NOLINT(modernize-use-equals-default)

  std::string host = "127.0.0.1";  // a name or an address; "" = all of this machine's
  std::uint16_t port = 0;          // 0: one that is free
  std::shared_ptr<const net::TlsIdentity> tls;  // none: plain
  Limits limits;
  std::size_t workers = 4;
  std::size_t waiting_max = 1000;      // requests that wait for a worker; one more is answered with 503
  std::size_t connections_max = 2000;  // one more is closed at once

  Duration idle_timeout = std::chrono::seconds(60);     // of a connection without a request
  Duration request_timeout = std::chrono::seconds(30);  // from the first byte of a request to its last one
  Duration write_timeout = std::chrono::seconds(30);    // a client that takes nothing for so long is closed
  Duration ping_interval = std::chrono::seconds(15);    // comments in event streams, so that both ends see the other one
  Duration stop_timeout = std::chrono::seconds(5);      // for requests under way when the server stops
};

// Thread-compatible, but for connections(). States: new -> running -> stopped.
class Server {
 public:
  // The handler may be called from several workers at once. What it throws becomes a 500.
  Server(ServerConfig config, Handler handler, base::Clock& clock = base::real_clock());
  ~Server();  // as stop()
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  // Begins to listen. Errors: kUnavailable (the port is taken), kPermissionDenied, kFailedPrecondition (started before).
  Status start();
  // Accepts nothing more, lets requests under way end (for stop_timeout), closes streams, returns when all handlers have
  // returned. May come twice, and before start().
  void stop();

  // 0 before start().
  std::uint16_t port() const { return port_; }
  // Connections that are open.
  std::size_t connections() const;

 private:
  const ServerConfig config_;
  const Handler handler_;
  base::Clock& clock_;
  std::uint16_t port_ = 0;
  std::unique_ptr<Workers> workers_;
  std::unique_ptr<Loop> loop_;
};

}  // namespace windlass::http
