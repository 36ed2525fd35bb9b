#include <windlass/server.hpp>

#include <signal.h>

#include <utility>
#include <vector>

#include <windlass/log.hpp>

#include "api/signal_watch.hpp"
#include "base/clock.hpp"
#include "base/mutex.hpp"
#include "base/random.hpp"
#include "runtime/server_runtime.hpp"

namespace windlass {

struct Server::Impl {
  Impl(BrokerPtr broker, ServerConfig config)
      : runtime(std::move(broker), std::move(config), base::real_clock(), base::Random::seeded()) {}

  ~Impl() { stop_all(); }

  Status start(const Mux& mux);
  Status run(const Mux& mux);
  void serve_signals(api::SignalWatch& signals);
  void stop();
  void stop_all();

  runtime::ServerRuntime runtime;
  std::vector<Service*> services;  // attached; constant after start
  base::Mutex mu;
  api::SignalWatch* watch WINDLASS_GUARDED_BY(mu) = nullptr;  // of run()
  bool stopped WINDLASS_GUARDED_BY(mu) = false;
};

Status Server::Impl::start(const Mux& mux) {
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
  auto signals = api::SignalWatch::open();
  if (!signals) return signals.error();
  if (Status started = start(mux); !started) return started;
  {
    base::Lock lock(mu);
    watch = &*signals;
    if (stopped) signals->wake();
  }
  serve_signals(*signals);
  stop_all();
  base::Lock lock(mu);
  watch = nullptr;
  return {};
}

// Returns when the server is to be stopped.
void Server::Impl::serve_signals(api::SignalWatch& signals) {
  for (;;) {
    const int signal = signals.wait();
    if (signal != SIGTSTP) return;
    runtime.quiet();
  }
}

void Server::Impl::stop() {
  {
    base::Lock lock(mu);
    stopped = true;
    if (watch != nullptr) watch->wake();
  }
  stop_all();
}

void Server::Impl::stop_all() {
  for (Service* service : services) service->stop();
  runtime.stop();
}

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
