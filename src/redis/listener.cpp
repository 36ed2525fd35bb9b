#include "redis/listener.hpp"

#include "net/socket.hpp"

namespace windlass::redis {

Status Listener::connect(net::Deadline deadline) {
  if (connection_) return {};
  if (last_cause_ && std::chrono::steady_clock::now() < retry_at_) return *last_cause_;
  Result<ConnectionPtr> connection = dial_(deadline);
  if (!connection) {
    refuse(connection.error());
    return connection.error();
  }
  connection_ = *std::move(connection);
  return {};
}

void Listener::drop(const Error& cause) {
  connection_.reset();
  last_cause_ = cause;
  backoff_.reset();
  retry_at_ = {};
}

void Listener::refuse(const Error& cause) {
  connection_.reset();
  last_cause_ = cause;
  retry_at_ = std::chrono::steady_clock::now() + backoff_.next();
}

bool Listener::sleep(net::Deadline until) {
  Result<net::Ready> ready = net::wait_socket(-1, {}, wake_.get(), until);
  const bool woken = ready && ready->woken;
  if (woken) wake_.drain();
  return woken;
}

Result<Received> Listener::receive(Replies& into, net::Deadline deadline) {
  Result<Received> received = connection_->receive(into, wake_.get(), deadline);
  if (!received) drop(received.error());
  if (received && *received == Received::kWoken) wake_.drain();
  return received;
}

}  // namespace windlass::redis
