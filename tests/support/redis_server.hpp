// Real Redis servers for tests: one, with a replica, behind sentinels, as a cluster. Each lives in a temporary folder, on a free
// port of the loopback and on a unix socket, and is ended by its process id.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "redis/client.hpp"
#include "support/child_process.hpp"
#include "support/port.hpp"

namespace windlass::testing {

// False: tests that need one are to be skipped, with this reason.
bool redis_is_installed();
inline constexpr const char* kNoRedis = "redis-server is not installed";

// Certificates of one authority, made with the openssl program.
class TestCertificates {
 public:
  TestCertificates();

  std::string ca() const { return dir_.file("ca.crt"); }
  std::string server_cert() const { return dir_.file("server.crt"); }  // for localhost and 127.0.0.1
  std::string server_key() const { return dir_.file("server.key"); }
  std::string client_cert() const { return dir_.file("client.crt"); }
  std::string client_key() const { return dir_.file("client.key"); }
  std::string other_ca() const { return dir_.file("other.crt"); }      // signed nothing of these

 private:
  TempDir dir_;
};

struct RedisOptions {
  std::vector<std::string> config;            // lines of redis.conf, e.g. "requirepass secret"
  const TestCertificates* tls = nullptr;      // the TCP port speaks TLS
  bool sentinel = false;
  std::vector<std::string> environment;       // "NAME=value", for the server
};

// Confined to one thread, but for port() and the like.
class RedisServer {
 public:
  // Returns when it answers. Throws std::runtime_error with its log otherwise.
  explicit RedisServer(RedisOptions options = {});
  ~RedisServer();

  std::uint16_t port() const { return port_.number(); }
  std::string socket_path() const { return dir_.file("redis.sock"); }
  std::string url() const { return "redis://" + port_.address(); }
  std::string socket_url() const { return "redis-socket://" + socket_path(); }

  // Runs one command on a fresh connection over the unix socket. Throws if it gets no reply.
  redis::Replies run(const std::vector<std::string>& command) const;
  std::string run_text(const std::vector<std::string>& command) const;

  void kill();              // -9
  void stop_cleanly();      // SIGTERM: saves, where it is told to
  void start();             // again, on the same port and folder
  void freeze() const { process_.signal(19 /* SIGSTOP */); }
  void thaw() const { process_.signal(18 /* SIGCONT */); }

 private:
  std::string config_text() const;
  std::string log() const;

  const RedisOptions options_;
  const Port port_;
  TempDir dir_;
  ChildProcess process_;
};

struct SentinelOptions {
  std::size_t sentinels = 3;
  std::size_t replicas = 1;
  std::vector<std::string> environment;  // of master and replicas
};

// A master with its replica, watched by sentinels (name "mymaster").
class SentinelSetup {
 public:
  explicit SentinelSetup(SentinelOptions options = {});

  RedisServer& master() { return *servers_[0]; }
  RedisServer& replica() { return *servers_[1]; }
  std::string url() const;
  // From now on a master that does not answer for half a second is replaced. Before, none is, however busy the machine.
  void watch_closely();

 private:
  std::vector<std::unique_ptr<RedisServer>> servers_;
  std::vector<std::unique_ptr<RedisServer>> sentinels_;
};

struct ClusterOptions {
  bool replicas = true;
  std::vector<std::string> environment;  // of all nodes
};

// Three masters (nodes 0 to 2, a third of the slots each) with one replica each (3 to 5) or none.
class ClusterSetup {
 public:
  explicit ClusterSetup(ClusterOptions options = {});

  RedisServer& node(std::size_t i) { return *nodes_[i]; }
  std::size_t owner_of(const std::string& key) const;   // among the masters at the start
  std::string id(std::size_t i) const;
  std::string url() const;
  // From now on a master that does not answer for a second is replaced. Before, none is, however busy the machine.
  void watch_closely();

 private:
  bool everyone_agrees() const;
  void judge_after(std::chrono::milliseconds silence);

  const ClusterOptions options_;
  std::vector<std::unique_ptr<RedisServer>> nodes_;
};

}  // namespace windlass::testing
