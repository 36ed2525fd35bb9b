// LineServer: a server on a loopback port of its own that answers each line of each caller as the test says, one caller at a time.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <string>
#include <thread>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace windlass::testing {

class LineServer {
 public:
  // From a line without its end to all bytes of the answer; "" = none. Called by the server's thread.
  using Answer = std::function<std::string(const std::string& line)>;

  LineServer(std::string greeting, Answer answer)
      : greeting_(std::move(greeting)), answer_(std::move(answer)), listener_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    bind(listener_, reinterpret_cast<sockaddr*>(&address), size);
    listen(listener_, 64);
    getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this] { serve(); });
  }
  ~LineServer() {
    stopping_ = true;
    shutdown(listener_, SHUT_RDWR);
    thread_.join();
    close(listener_);
  }

  std::uint16_t port() const { return port_; }

 private:
  void serve() {
    while (!stopping_) {
      const int caller = accept(listener_, nullptr, nullptr);
      if (caller < 0) continue;
      say(caller, greeting_);
      talk(caller);
      close(caller);
    }
  }
  // Until the caller hangs up.
  void talk(int caller) {
    std::string unread;
    char buffer[4096];
    for (;;) {
      pollfd ready{caller, POLLIN, 0};
      while (!stopping_ && poll(&ready, 1, 20) == 0) {}
      const ssize_t n = stopping_ ? 0 : recv(caller, buffer, sizeof buffer, 0);
      if (n <= 0) return;
      unread.append(buffer, static_cast<std::size_t>(n));
      for (std::size_t end; (end = unread.find("\r\n")) != std::string::npos; unread.erase(0, end + 2)) {
        say(caller, answer_(unread.substr(0, end)));
      }
    }
  }
  static void say(int caller, const std::string& bytes) { (void)!send(caller, bytes.data(), bytes.size(), MSG_NOSIGNAL); }

  const std::string greeting_;
  const Answer answer_;
  std::atomic<bool> stopping_ = false;
  int listener_;
  std::uint16_t port_ = 0;
  std::thread thread_;
};

}  // namespace windlass::testing
