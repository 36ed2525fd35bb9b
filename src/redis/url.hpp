// Connection URLs. A superset of those of Go Asynq: whatever it accepts means the same here.
//
//   redis://[user[:password]@][host][:port][/db]           one server, port 6379 unless said
//   rediss://...                                           the same over TLS
//   redis-socket://[user[:password]@]/path/to.sock         a unix socket
//   redis-sentinel://[user[:password]@]h1[:p1],h2[:p2]/db?master=NAME
//                                                          sentinels, port 26379 unless said. User and password are those of
//                                                          the sentinels; those of the Redis nodes are parameters
//   redis-cluster://[user[:password]@]h1[:p1],h2[:p2]      some nodes of a cluster, the others are found
//
// A lone part before '@' without ':' is a user name. Parameters, where they make sense:
//
//   db=N                        instead of /N
//   master=NAME  master_username=  master_password=        sentinel
//   tls=true                    TLS for sentinel and cluster (all nodes, sentinels too)
//   ca=FILE|DIR  cert=FILE  key=FILE  server_name=NAME     TLS
//   insecure_skip_verify=true   TLS without looking at the certificate: anybody may stand between
//   connect_timeout=  read_timeout=                        "500ms", "3s", "1m", or seconds; default 5s and 3s
//   protocol=2|3                RESP version, default 3 with a fall-back to 2
//
// Users, passwords, paths and parameters are percent-decoded. '#' must be written %23.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <windlass/error.hpp>

#include "net/tls.hpp"

namespace windlass::redis {

enum class Topology : std::uint8_t { kStandalone, kSentinel, kCluster };

struct Endpoint {
  std::string host;
  std::uint16_t port = 0;
  std::string unix_path;  // not empty: host and port are not used

  // "host:port", "[v6]:port" or the path: for messages and as a name.
  std::string address() const;
  friend bool operator==(const Endpoint&, const Endpoint&) = default;
};

struct Credentials {
  std::string username;  // empty: the default user
  std::string password;
  bool empty() const { return username.empty() && password.empty(); }
};

struct Config {
  Topology topology = Topology::kStandalone;
  std::vector<Endpoint> endpoints;   // one for kStandalone; else sentinels or some cluster nodes
  Credentials login;                 // of the Redis nodes
  Credentials sentinel_login;
  std::string master;                // kSentinel: its name
  int db = 0;
  int protocol = 3;
  std::optional<net::TlsOptions> tls;
  std::chrono::milliseconds connect_timeout = std::chrono::seconds(5);
  std::chrono::milliseconds read_timeout = std::chrono::seconds(3);
};

// Errors: kInvalidArgument, names the part and what is allowed there; never contains a password.
Result<Config> parse_url(std::string_view url);

// The URL with *** in the place of each password, for logs. Takes anything, also what parse_url refuses.
std::string redacted(std::string_view url);

}  // namespace windlass::redis
