#include "support/tcp_proxy.hpp"

#include <arpa/inet.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <stdexcept>

#include "net/socket.hpp"

namespace windlass::testing {

using namespace std::chrono_literals;

TcpProxy::TcpProxy(std::uint16_t target_port)
    : target_port_(target_port), listener_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  auto* generic = reinterpret_cast<sockaddr*>(&address);
  if (::bind(listener_.get(), generic, size) != 0 || ::listen(listener_.get(), 64) != 0 ||
      ::getsockname(listener_.get(), generic, &size) != 0) {
    throw std::runtime_error("proxy: cannot listen");
  }
  port_ = ntohs(address.sin_port);
  thread_ = std::jthread([this] { loop(); });
}

TcpProxy::~TcpProxy() {
  stop_ = true;
  wake_.wake();
}

void TcpProxy::set_stalled(bool stalled) {
  stalled_ = stalled;
  wake_.wake();
}

void TcpProxy::cut_all() {
  cut_all_ = true;
  wake_.wake();
}

void TcpProxy::loop() {
  while (!stop_) {
    std::vector<pollfd> fds{{wake_.get(), POLLIN, 0}, {listener_.get(), POLLIN, 0}};
    bool delayed = false;
    for (Pair& pair : pairs_) {
      const short events = stalled_ ? 0 : POLLIN;
      fds.push_back({pair.client.get(), events, 0});
      fds.push_back({pair.server.get(), events, 0});
      delayed = delayed || !pair.to_client.empty() || !pair.to_server.empty();
    }
    ::poll(fds.data(), fds.size(), delayed && !stalled_ ? 1 : -1);
    if (fds[0].revents) wake_.drain();
    if (cut_all_.exchange(false)) pairs_.clear();
    else if (!stalled_) {
      std::size_t i = 2;
      for (Pair& pair : pairs_) {
        if (fds[i].revents) pass(pair, true);
        if (fds[i + 1].revents && !pair.closed) pass(pair, false);
        i += 2;
        if (!pair.closed) send_due(pair);
      }
      pairs_.remove_if([](const Pair& pair) { return pair.closed; });
    }
    if (fds[1].revents) accept_one();
  }
}

void TcpProxy::accept_one() {
  net::Fd client(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
  if (client.get() < 0) return;
  ++accepted_;
  Result<net::Fd> server = net::connect_tcp("127.0.0.1", target_port_, net::after(5s));
  if (!server) return;
  pairs_.emplace_back();
  pairs_.back().client = std::move(client);
  pairs_.back().server = *std::move(server);
}

void TcpProxy::pass(Pair& pair, bool from_client) {
  char buffer[65536];
  const ssize_t n = ::recv(from_client ? pair.client.get() : pair.server.get(), buffer, sizeof buffer, 0);
  const bool cut = from_client ? cut_before_request_.exchange(false) : cut_before_reply_.exchange(false);
  if (n <= 0 || cut) {
    pair.closed = true;
    return;
  }
  const auto due = std::chrono::steady_clock::now() + std::chrono::milliseconds(delay_ms_.load());
  (from_client ? pair.to_server : pair.to_client).push_back({due, std::string(buffer, static_cast<std::size_t>(n))});
}

void TcpProxy::send_due(Pair& pair) {
  const auto now = std::chrono::steady_clock::now();
  for (auto* queue : {&pair.to_server, &pair.to_client}) {
    const int to = queue == &pair.to_server ? pair.server.get() : pair.client.get();
    while (!queue->empty() && queue->front().due <= now) {
      std::string& bytes = queue->front().bytes;
      const ssize_t n = ::send(to, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (n < 0) break;
      bytes.erase(0, static_cast<std::size_t>(n));
      if (bytes.empty()) queue->pop_front();
    }
  }
}

}  // namespace windlass::testing
