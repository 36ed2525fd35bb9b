// HttpStub: an HTTP server on a loopback port of its own that answers as the test says, byte by byte.
#pragma once

#include <atomic>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace windlass::testing {

// answer() and requests() are thread-safe. One connection at a time, one request each.
class HttpStub {
 public:
  // From the text of a request, with its body, to all bytes of the answer. An empty answer: none comes, and the
  // connection stays open until the client ends it.
  using Answer = std::function<std::string(const std::string& request)>;

  explicit HttpStub(Answer answer)
      : answer_(std::move(answer)), listener_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    bind(listener_, reinterpret_cast<sockaddr*>(&address), size);
    listen(listener_, 16);
    getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this] { serve(); });
  }
  ~HttpStub() {
    stopping_ = true;
    shutdown(listener_, SHUT_RDWR);
    thread_.join();
    close(listener_);
  }

  std::string url(const std::string& target = "/") const {
    return "http://127.0.0.1:" + std::to_string(port_) + target;
  }
  void answer(Answer answer) {
    std::lock_guard lock(mu_);
    answer_ = std::move(answer);
  }
  std::vector<std::string> requests() const {
    std::lock_guard lock(mu_);
    return requests_;
  }

  static std::string ok(const std::string& body, const std::string& headers = "") {
    return "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(body.size()) + "\r\n" + headers + "\r\n" + body;
  }

 private:
  static bool is_whole(const std::string& request) {
    const std::size_t end = request.find("\r\n\r\n");
    if (end == std::string::npos) return false;
    const std::size_t length = request.find("\r\nContent-Length: ");
    return length >= end || request.size() >= end + 4 + std::stoul(request.substr(length + 18));
  }
  void serve() {
    while (!stopping_) {
      const int client = accept(listener_, nullptr, nullptr);
      if (client < 0) continue;
      talk(client);
      close(client);
    }
  }
  void talk(int client) {
    std::string request;
    char buffer[4096];
    while (!is_whole(request)) {
      const ssize_t n = recv(client, buffer, sizeof buffer, 0);
      if (n <= 0) return;
      request.append(buffer, static_cast<std::size_t>(n));
    }
    std::string bytes;
    {
      std::lock_guard lock(mu_);
      requests_.push_back(request);
      bytes = answer_(request);
    }
    if (bytes.empty()) {
      pollfd gone{client, POLLIN | POLLRDHUP, 0};
      while (!stopping_ && poll(&gone, 1, 20) == 0) {}
    }
    send(client, bytes.data(), bytes.size(), MSG_NOSIGNAL);
  }

  mutable std::mutex mu_;
  Answer answer_;
  std::vector<std::string> requests_;
  std::atomic<bool> stopping_ = false;
  int listener_;
  int port_ = 0;
  std::thread thread_;
};

}  // namespace windlass::testing
