// Port: a port of the loopback for a server that a test starts.
#pragma once

#include <arpa/inet.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>

#include "base/random.hpp"
#include "net/fd.hpp"

namespace windlass::testing {

// No other test of this machine has it as long as it lives, whether or not something listens on it: a server that is
// to come back finds it free. The same holds for the port 10000 above it (the bus of a Redis cluster).
// Thread-compatible.
class Port {
 public:
  Port() {
    // Below the range from which the kernel gives ports to connections.
    static base::Random random = base::Random::seeded();
    do {
      number_ = static_cast<std::uint16_t>(10000 + random.below(10000));
    } while (!claim() || !bindable(number_) || !bindable(static_cast<std::uint16_t>(number_ + 10000)));
  }
  Port(Port&&) = default;

  std::uint16_t number() const { return number_; }
  std::string address() const { return "127.0.0.1:" + std::to_string(number_); }

 private:
  // By a name that the kernel gives to one process at a time, and takes back when it ends.
  bool claim() {
    const std::string name = "windlass-test-port-" + std::to_string(number_);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path + 1, name.data(), name.size());
    const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + name.size());
    claim_ = net::Fd(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    return ::bind(claim_.get(), reinterpret_cast<sockaddr*>(&address), size) == 0;
  }
  // Programs that are no tests claim nothing.
  static bool bindable(std::uint16_t port) {
    const net::Fd socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(port);
    return ::bind(socket.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
  }

  net::Fd claim_;
  std::uint16_t number_ = 0;
};

}  // namespace windlass::testing
