// RedisStub: says what a real server of a version that is not installed would say: enough to connect and to answer INFO.
#pragma once

#include <arpa/inet.h>
#include <poll.h>
#include <sys/socket.h>

#include <atomic>
#include <list>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "net/fd.hpp"

namespace windlass::testing {

class RedisStub {
 public:
  explicit RedisStub(std::string info) : info_(std::move(info)), listener_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* generic = reinterpret_cast<sockaddr*>(&address);
    if (::bind(listener_.get(), generic, size) != 0 || ::listen(listener_.get(), 16) != 0 ||
        ::getsockname(listener_.get(), generic, &size) != 0) {
      throw std::runtime_error("stub: cannot listen");
    }
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this] { loop(); });
  }
  ~RedisStub() {
    stop_.wake();
    thread_.join();
  }

  // RESP2: there is no HELLO.
  std::string url() const { return "redis://127.0.0.1:" + std::to_string(port_) + "?protocol=2"; }

 private:
  void loop() {
    std::list<net::Fd> clients;
    for (;;) {
      std::vector<pollfd> fds{{stop_.get(), POLLIN, 0}, {listener_.get(), POLLIN, 0}};
      for (const net::Fd& client : clients) fds.push_back({client.get(), POLLIN, 0});
      ::poll(fds.data(), fds.size(), -1);
      if (fds[0].revents) return;
      std::size_t i = 2;
      clients.remove_if([&](const net::Fd& client) { return fds[i++].revents != 0 && !answer(client.get()); });
      if (fds[1].revents) clients.emplace_back(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
    }
  }

  // One reply for each command in what came; commands are short enough to come whole.
  bool answer(int client) const {
    char buffer[4096];
    const ssize_t n = ::recv(client, buffer, sizeof buffer, 0);
    if (n <= 0) return false;
    std::string_view input(buffer, static_cast<std::size_t>(n));
    std::string output;
    for (std::size_t at = 0; (at = input.find('*', at)) != std::string_view::npos; ++at) {
      const std::string_view command = input.substr(at, input.find('*', at + 1) - at);
      const bool asks_info = command.find("\r\nINFO\r\n") != std::string_view::npos;
      output += asks_info ? "$" + std::to_string(info_.size()) + "\r\n" + info_ + "\r\n" : "+OK\r\n";
    }
    return ::send(client, output.data(), output.size(), MSG_NOSIGNAL) > 0;
  }

  const std::string info_;
  net::Fd listener_;
  std::uint16_t port_ = 0;
  net::WakeFd stop_;
  std::thread thread_;  // last: uses all of the above
};

}  // namespace windlass::testing
