// HttpClient: one connection to an HTTP server on this machine, byte by byte if a test wants that.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <map>
#include <stdexcept>
#include <string>
#include <utility>

namespace windlass::testing {

struct HttpReply {
  int status = 0;                              // 0: the connection ended before a response had come
  std::map<std::string, std::string> headers;  // names in lower case
  std::string body;
};

// Confined to one thread. Waits for at most a minute for anything.
class HttpClient {
 public:
  explicit HttpClient(int port, int receive_buffer = 0) : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    if (receive_buffer > 0) ::setsockopt(socket_, SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof receive_buffer);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(static_cast<std::uint16_t>(port));
    if (::connect(socket_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) throw std::runtime_error("connect");
  }
  ~HttpClient() { ::close(socket_); }
  HttpClient(const HttpClient&) = delete;
  HttpClient& operator=(const HttpClient&) = delete;

  // Headers as lines: "A: b\r\n". Host, and for a body its length, are added.
  HttpReply ask(const std::string& method, const std::string& target, const std::string& body = "", const std::string& headers = "") {
    send(request(method, target, body, headers));
    return read_reply(method == "HEAD");
  }
  HttpReply get(const std::string& target, const std::string& headers = "") { return ask("GET", target, "", headers); }

  static std::string request(const std::string& method, const std::string& target, const std::string& body = "",
                             const std::string& headers = "") {
    std::string text = method + " " + target + " HTTP/1.1\r\n" + headers;
    if (headers.find("Host: ") == headers.npos) text += "Host: localhost\r\n";
    if (!body.empty() || method == "POST") text += "Content-Length: " + std::to_string(body.size()) + "\r\n";
    return text + "\r\n" + body;
  }

  // False when the server has ended the connection.
  bool send(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t n = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (n <= 0) return false;
      bytes.remove_prefix(static_cast<std::size_t>(n));
    }
    return true;
  }

  HttpReply read_reply(bool head_only = false) {
    HttpReply reply = read_head();
    if (reply.status == 0 || head_only || reply.status == 204 || reply.status == 304) return reply;
    const auto length = reply.headers.find("content-length");
    if (length == reply.headers.end()) {
      while (receive()) {}
      reply.body = std::exchange(input_, "");
      return reply;
    }
    const std::size_t size = std::strtoul(length->second.c_str(), nullptr, 10);
    while (input_.size() < size && receive()) {}
    reply.body = input_.substr(0, size);
    input_.erase(0, size);
    return reply;
  }

  // Up to its empty line; for an event stream, whose body is read with read_until.
  HttpReply read_head() {
    std::size_t end;
    while ((end = input_.find("\r\n\r\n")) == input_.npos) {
      if (!receive()) return {};
    }
    HttpReply reply = parse_head(input_.substr(0, end + 2));
    input_.erase(0, end + 4);
    if (reply.status == 100) return read_head();
    return reply;
  }

  // Up to and with `text`. What was read is returned; "" if the server ends the connection before.
  std::string read_until(const std::string& text) {
    std::size_t at;
    while ((at = input_.find(text)) == input_.npos) {
      if (!receive()) return "";
    }
    std::string read = input_.substr(0, at + text.size());
    input_.erase(0, at + text.size());
    return read;
  }
  // Reads until the server ends the connection. False if it does not.
  bool ended() {
    while (receive()) {}
    return over_;
  }
  void stop_sending() { ::shutdown(socket_, SHUT_WR); }

 private:
  static HttpReply parse_head(const std::string& head) {
    HttpReply reply;
    reply.status = std::atoi(head.c_str() + std::min<std::size_t>(9, head.size()));
    for (std::size_t at = head.find("\r\n") + 2; at < head.size();) {
      const std::size_t end = head.find("\r\n", at);
      const std::string line = head.substr(at, end - at);
      std::string name = line.substr(0, line.find(": "));
      std::transform(name.begin(), name.end(), name.begin(), [](unsigned char c) { return std::tolower(c); });
      reply.headers[name] = line.substr(std::min(line.size(), name.size() + 2));
      at = end + 2;
    }
    return reply;
  }
  bool receive() {
    pollfd ready{socket_, POLLIN, 0};
    if (over_ || ::poll(&ready, 1, 60000) <= 0) return false;
    char buffer[16384];
    const ssize_t n = ::recv(socket_, buffer, sizeof buffer, 0);
    over_ = n <= 0;
    if (!over_) input_.append(buffer, static_cast<std::size_t>(n));
    return !over_;
  }

  int socket_;
  std::string input_;
  bool over_ = false;
};

}  // namespace windlass::testing
