// What a web server is made of: WebConfig, as the command line fills it, and Role.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <windlass/dq.hpp>
#include <windlass/time.hpp>

#include "web/json.hpp"

namespace windlass::web {

// Each may do what those before it may.
enum class Role : std::uint8_t {
  kViewer,    // look
  kOperator,  // act on tasks, pause queues, enqueue
  kAdmin,     // remove queues, read the audit log
};
std::string_view role_name(Role role);
std::optional<Role> find_role(std::string_view name);

struct WebConfig {
  WebConfig() {}  // NOLINT(modernize-use-equals-default)

  std::string version;
  std::string host = "127.0.0.1";
  std::uint16_t port = 8080;       // 0: one that is free
  std::string root_path;           // "" or "/dashboard": what a proxy in front serves this under
  bool read_only = false;
  TextLimits text;
  std::size_t body_max = 16 << 20;  // bytes
  std::string tls_cert, tls_key;    // both or none

  // Who may do what. None of these: everybody who reaches the address is "local", with all rights; only for a loopback address.
  std::string users_file;                    // lines NAME:ROLE:HASH
  std::string token_file;                    // lines NAME:ROLE:TOKEN
  std::string proxy_header;                  // the proxy in front says who it is in this header
  std::vector<std::string> trusted_proxies;  // addresses, or networks as 10.0.0.0/8, whose headers count
  Role proxy_role = Role::kViewer;           // of users that the users file does not name
  std::vector<std::string> allowed_hosts;    // names that this server is called by, besides those of a loopback
  Duration session_lifetime = std::chrono::hours(12);

  std::string audit_file;                    // JSON lines are appended; "": they go to the log
  dq::Nodes dq_nodes;                        // tubes of beanstalkd to show
  Duration live_interval = std::chrono::seconds(1);

  bool has_login() const { return !users_file.empty() || !token_file.empty() || !proxy_header.empty(); }
};

}  // namespace windlass::web
