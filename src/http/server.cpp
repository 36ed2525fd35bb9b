#include "http/server.hpp"

#include "http/loop.hpp"
#include "http/workers.hpp"
#include "net/socket.hpp"

namespace windlass::http {

Server::Server(ServerConfig config, Handler handler, base::Clock& clock)
    : config_(std::move(config)), handler_(std::move(handler)), clock_(clock) {}

Server::~Server() { stop(); }

Status Server::start() {
  if (loop_) return Error(ErrorCode::kFailedPrecondition, "the HTTP server was started before");
  Result<net::Fd> listener = net::listen_tcp(config_.host, config_.port);
  if (!listener) {
    return listener.error().at("listen on " + (config_.host.empty() ? "*" : config_.host) + ":" + std::to_string(config_.port));
  }
  port_ = net::local_port(listener->get());
  workers_ = std::make_unique<Workers>(config_.workers, config_.waiting_max);
  loop_ = std::make_unique<Loop>(config_, handler_, *workers_, clock_, *std::move(listener));
  return {};
}

void Server::stop() {
  if (!loop_) return;
  loop_->stop();
  workers_->stop();
}

std::size_t Server::connections() const { return loop_ ? loop_->connections() : 0; }

}  // namespace windlass::http
