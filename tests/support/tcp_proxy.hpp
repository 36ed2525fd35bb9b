// TcpProxy: stands between a client and a server on the loopback and spoils the connection as a test wants it.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <list>
#include <string>
#include <thread>
#include <vector>

#include "base/mutex.hpp"
#include "net/fd.hpp"

namespace windlass::testing {

// Thread-safe.
class TcpProxy {
 public:
  explicit TcpProxy(std::uint16_t target_port);
  ~TcpProxy();

  std::uint16_t port() const { return port_; }

  // Everything takes so long in each direction.
  void set_delay(std::chrono::milliseconds delay) { delay_ms_ = delay.count(); }
  // The next request of any connection reaches the server, but the connection is cut instead of bringing the reply.
  void cut_before_reply() { cut_before_reply_ = true; }
  // The next request of any connection does not reach the server: the connection is cut.
  void cut_before_request() { cut_before_request_ = true; }
  // Nothing passes in either direction, and nothing is cut.
  void set_stalled(bool stalled);
  void cut_all();
  std::size_t accepted() const { return accepted_; }

 private:
  struct Chunk {
    std::chrono::steady_clock::time_point due;
    std::string bytes;
  };
  struct Pair {
    net::Fd client;
    net::Fd server;
    std::list<Chunk> to_server;
    std::list<Chunk> to_client;
    bool closed = false;
  };

  void loop();
  void accept_one();
  void pass(Pair& pair, bool from_client);
  void send_due(Pair& pair);

  const std::uint16_t target_port_;
  net::Fd listener_;
  std::uint16_t port_ = 0;
  net::WakeFd wake_;
  std::atomic<long long> delay_ms_{0};
  std::atomic<bool> cut_before_reply_{false};
  std::atomic<bool> cut_before_request_{false};
  std::atomic<bool> stalled_{false};
  std::atomic<bool> cut_all_{false};
  std::atomic<bool> stop_{false};
  std::atomic<std::size_t> accepted_{0};
  std::list<Pair> pairs_;  // of the thread
  std::jthread thread_;    // last: uses all of the above
};

}  // namespace windlass::testing
