#include <windlass/server.hpp>

#include <utility>
#include <vector>

#include "api/run_until_signal.hpp"
#include "base/clock.hpp"
#include "base/random.hpp"
#include "exec/child_main.hpp"
#include "runtime/server_runtime.hpp"

namespace windlass {

struct Server::Impl {
  Impl(BrokerPtr broker, ServerConfig config)
      : runtime(std::move(broker), std::move(config), base::real_clock(), base::Random::seeded()) {}

  ~Impl() { stop_all(); }

  Status start(const Mux& mux);
  Status run(const Mux& mux);
  void stop();
  void stop_all();

  runtime::ServerRuntime runtime;
  std::vector<Service*> services;  // attached; constant after start
  api::RunUntilSignal signals;
};

Status Server::Impl::start(const Mux& mux) {
  exec::serve_if_child(mux);
  if (Status started = runtime.start(mux); !started) return started;
  for (Service* service : services) {
    Status started = service->start();
    if (started) continue;
    stop();
    return started;
  }
  return {};
}

Status Server::Impl::run(const Mux& mux) {
  exec::serve_if_child(mux);  // before signal handlers are installed
  return signals.run([&] { return start(mux); }, [&] { stop_all(); }, [&] { runtime.quiet(); });
}

void Server::Impl::stop() {
  signals.end();
  stop_all();
}

void Server::Impl::stop_all() {
  for (Service* service : services) service->stop();
  runtime.stop();
}

void serve_if_child(const Mux& mux) { exec::serve_if_child(mux); }

Server::Server(BrokerPtr broker, ServerConfig config) : impl_(std::make_unique<Impl>(std::move(broker), std::move(config))) {}
Server::~Server() = default;
Server::Server(Server&&) noexcept = default;
Server& Server::operator=(Server&&) noexcept = default;

void Server::attach(Service& service) { impl_->services.push_back(&service); }
Status Server::start(const Mux& mux) { return impl_->start(mux); }
void Server::quiet() { impl_->runtime.quiet(); }
void Server::stop() { impl_->stop(); }
Status Server::run(const Mux& mux) { return impl_->run(mux); }
Status Server::wait_until_empty() { return impl_->runtime.wait_until_empty(); }
Status Server::ping() { return impl_->runtime.ping(); }

}  // namespace windlass
