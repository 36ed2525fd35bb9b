#include "redis/url.hpp"

#include <algorithm>
#include <charconv>

namespace windlass::redis {
namespace {

constexpr std::uint16_t kRedisPort = 6379;
constexpr std::uint16_t kSentinelPort = 26379;

// The pieces of a URL as they stand in it.
struct Parts {
  std::string_view scheme;
  std::string_view userinfo;
  bool has_userinfo = false;
  std::string_view hosts;
  std::string_view path;   // with its '/'
  std::string_view query;
};

Error wrong(std::string_view part, std::string_view what) {
  return Error(ErrorCode::kInvalidArgument, "redis url: " + std::string(part) + ": " + std::string(what));
}

std::string quoted(std::string_view text) {
  std::string out(1, '\'');
  out.append(text).append(1, '\'');
  return out;
}

Result<Parts> split(std::string_view url) {
  Parts parts;
  const std::size_t colon = url.find("://");
  if (colon == std::string_view::npos) {
    return wrong("scheme", "missing; it must begin with redis://, rediss://, redis-socket://, redis-sentinel:// or "
                           "redis-cluster://");
  }
  parts.scheme = url.substr(0, colon);
  std::string_view rest = url.substr(colon + 3);
  if (rest.find('#') != std::string_view::npos) return wrong("fragment", "not allowed; write '#' as %23");
  const std::size_t question = rest.find('?');
  if (question != std::string_view::npos) {
    parts.query = rest.substr(question + 1);
    rest = rest.substr(0, question);
  }
  const std::size_t slash = rest.find('/');
  if (slash != std::string_view::npos) {
    parts.path = rest.substr(slash);
    rest = rest.substr(0, slash);
  }
  const std::size_t at = rest.rfind('@');
  if (at != std::string_view::npos) {
    parts.has_userinfo = true;
    parts.userinfo = rest.substr(0, at);
    rest = rest.substr(at + 1);
  }
  parts.hosts = rest;
  return parts;
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

Result<std::string> decode(std::string_view text, std::string_view part) {
  std::string plain;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      plain += text[i];
      continue;
    }
    const int high = i + 2 < text.size() ? hex_digit(text[i + 1]) : -1;
    const int low = i + 2 < text.size() ? hex_digit(text[i + 2]) : -1;
    if (high < 0 || low < 0) return wrong(part, "'%' must be followed by two hex digits");
    plain += static_cast<char>(high * 16 + low);
    i += 2;
  }
  return plain;
}

Result<int> parse_db(std::string_view text, std::string_view part) {
  int db = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), db);
  if (error != std::errc() || end != text.data() + text.size() || db < 0) {
    return wrong(part, quoted(text) + " is not a database number (0, 1, 2, ...)");
  }
  return db;
}

Result<bool> parse_flag(std::string_view text, std::string_view part) {
  if (text == "true" || text == "1") return true;
  if (text == "false" || text == "0") return false;
  return wrong(part, quoted(text) + " is not true or false");
}

Result<std::chrono::milliseconds> parse_timeout(std::string_view text, std::string_view part) {
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  const std::string_view unit(end, static_cast<std::size_t>(text.data() + text.size() - end));
  std::int64_t factor = 0;
  if (unit == "ms") factor = 1;
  if (unit == "s" || unit.empty()) factor = 1000;
  if (unit == "m") factor = 60'000;
  constexpr std::int64_t kLongest = 86'400'000;
  if (error != std::errc() || factor == 0 || number <= 0 || number > kLongest / factor) {
    return wrong(part, quoted(text) + " is not a time like 500ms, 3s or 1m, more than 0 and at most 1 day");
  }
  return std::chrono::milliseconds(number * factor);
}

Result<Endpoint> parse_endpoint(std::string_view text, std::uint16_t default_port) {
  Endpoint endpoint;
  endpoint.port = default_port;
  std::string_view port;
  if (text.starts_with('[')) {
    const std::size_t close = text.find(']');
    if (close == std::string_view::npos) return wrong("host", "'[' without ']'");
    endpoint.host = text.substr(1, close - 1);
    port = text.substr(close + 1);
    if (!port.empty() && port[0] != ':') return wrong("host", "after ']' only ':port' may follow");
  } else {
    const std::size_t colon = std::min(text.find(':'), text.size());
    endpoint.host = text.substr(0, colon);
    port = text.substr(colon);
    if (port.find(':', 1) != std::string_view::npos) return wrong("host", "write an IPv6 address in brackets: [::1]:6379");
  }
  if (endpoint.host.empty()) endpoint.host = "localhost";
  if (port.size() <= 1) return endpoint;
  port.remove_prefix(1);
  const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), endpoint.port);
  if (error != std::errc() || end != port.data() + port.size() || endpoint.port == 0) {
    // Not shown: after "user:" it is the first part of a password in which '/' or '?' was not percent-encoded.
    return wrong("port", "not a number from 1 to 65535; if this is a password, write '/' in it as %2F and '?' as %3F");
  }
  return endpoint;
}

Result<std::vector<Endpoint>> parse_hosts(std::string_view text, std::uint16_t default_port, bool many) {
  std::vector<Endpoint> endpoints;
  for (;;) {
    const std::size_t comma = text.find(',');
    if (comma != std::string_view::npos && !many) {
      return wrong("host", "only redis-sentinel:// and redis-cluster:// take more than one");
    }
    const std::string_view one = text.substr(0, comma);
    if (many && one.empty()) return wrong("host", "missing; give at least one, and nothing empty between commas");
    Result<Endpoint> endpoint = parse_endpoint(one, default_port);
    if (!endpoint) return endpoint.error();
    endpoints.push_back(*std::move(endpoint));
    if (comma == std::string_view::npos) return endpoints;
    text.remove_prefix(comma + 1);
  }
}

Status parse_userinfo(const Parts& parts, Credentials& into) {
  const std::size_t colon = std::min(parts.userinfo.find(':'), parts.userinfo.size());
  Result<std::string> username = decode(parts.userinfo.substr(0, colon), "user name");
  if (!username) return username.error();
  into.username = *std::move(username);
  if (colon == parts.userinfo.size()) return {};
  Result<std::string> password = decode(parts.userinfo.substr(colon + 1), "password");
  if (!password) return password.error();
  into.password = *std::move(password);
  return {};
}

// Takes the parameters one by one.
class Parameters {
 public:
  Parameters(Config& config, bool tls_allowed, bool tls_by_parameter, bool db_allowed)
      : config_(config), tls_allowed_(tls_allowed), tls_by_parameter_(tls_by_parameter), db_allowed_(db_allowed) {}

  Status take_all(std::string_view query) {
    while (!query.empty()) {
      const std::size_t end = std::min(query.find('&'), query.size());
      const std::string_view pair = query.substr(0, end);
      query.remove_prefix(std::min(end + 1, query.size()));
      const std::size_t equals = std::min(pair.find('='), pair.size());
      const std::string part = "parameter " + std::string(pair.substr(0, equals));
      Result<std::string> value = decode(pair.substr(std::min(equals + 1, pair.size())), part);
      if (!value) return value.error();
      if (Status taken = take(pair.substr(0, equals), *value, part); !taken) return taken;
    }
    return finish();
  }

 private:
  Status take(std::string_view name, const std::string& value, const std::string& part) {
    const bool sentinel = config_.topology == Topology::kSentinel;
    if (name == "db" && db_allowed_) return take_db(value, part);
    if (name == "master" && sentinel) return store(config_.master, value);
    if (name == "master_username" && sentinel) return store(config_.login.username, value);
    if (name == "master_password" && sentinel) return store(config_.login.password, value);
    if (name == "connect_timeout") return store(config_.connect_timeout, parse_timeout(value, part));
    if (name == "read_timeout") return store(config_.read_timeout, parse_timeout(value, part));
    if (name == "protocol") return take_protocol(value, part);
    if (name == "tls" && tls_by_parameter_) return store(tls_, parse_flag(value, part));
    if (tls_allowed_) return take_tls(name, value, part);
    return unknown(part);
  }

  Status take_db(const std::string& value, const std::string& part) {
    Result<int> db = parse_db(value, part);
    if (!db) return db.error();
    if (config_.db != 0 && config_.db != *db) return wrong(part, "the path names another database");
    config_.db = *db;
    return {};
  }

  Status take_protocol(const std::string& value, const std::string& part) {
    if (value != "2" && value != "3") return wrong(part, quoted(value) + " is not 2 or 3");
    config_.protocol = value[0] - '0';
    return {};
  }

  Status take_tls(std::string_view name, const std::string& value, const std::string& part) {
    tls_option_ = part;
    if (name == "ca") return store(options_.ca, value);
    if (name == "cert") return store(options_.cert_file, value);
    if (name == "key") return store(options_.key_file, value);
    if (name == "server_name") return store(options_.server_name, value);
    if (name == "insecure_skip_verify") return store(options_.insecure_skip_verify, parse_flag(value, part));
    return unknown(part);
  }

  Status finish() {
    if (config_.tls || tls_) {
      config_.tls = options_;
    } else if (!tls_option_.empty()) {
      return wrong(tls_option_, "only with TLS: use rediss://, or tls=true for sentinel and cluster");
    }
    if (options_.cert_file.empty() != options_.key_file.empty()) {
      return wrong("parameters cert and key", "a client certificate needs both");
    }
    if (config_.topology == Topology::kSentinel && config_.master.empty()) {
      return wrong("parameter master", "missing; redis-sentinel:// needs master=NAME");
    }
    return {};
  }

  Status unknown(const std::string& part) const {
    std::string known = "connect_timeout, read_timeout, protocol";
    if (db_allowed_) known += ", db";
    if (config_.topology == Topology::kSentinel) known += ", master, master_username, master_password";
    if (tls_by_parameter_) known += ", tls";
    if (tls_allowed_) known += ", ca, cert, key, server_name, insecure_skip_verify";
    return wrong(part, "unknown here; known are " + known);
  }

  template <class T>
  static Status store(T& into, const T& value) {
    into = value;
    return {};
  }
  template <class T>
  static Status store(T& into, const Result<T>& value) {
    if (!value) return value.error();
    into = *value;
    return {};
  }

  Config& config_;
  const bool tls_allowed_;
  const bool tls_by_parameter_;
  const bool db_allowed_;
  bool tls_ = false;
  std::string tls_option_;  // one that was given
  net::TlsOptions options_;
};

Status parse_path(const Parts& parts, Config& config) {
  if (parts.path.size() <= 1) return {};
  if (config.topology == Topology::kCluster) return wrong("path", "a cluster has only database 0; leave it out");
  if (parts.path.find('@') != std::string_view::npos) return wrong("password", "write '/' in it as %2F");
  Result<int> db = parse_db(parts.path.substr(1), "path");
  if (!db) return db.error();
  config.db = *db;
  return {};
}

Result<Config> parse_socket(const Parts& parts) {
  Config config;
  if (!parts.hosts.empty()) return wrong("path", "must begin with '/': redis-socket:///path/to.sock");
  Result<std::string> path = decode(parts.path, "path");
  if (!path) return path.error();
  if (path->size() <= 1) return wrong("path", "missing; write redis-socket:///path/to.sock");
  config.endpoints.push_back(Endpoint{"", 0, *std::move(path)});
  if (Status login = parse_userinfo(parts, config.login); !login) return login.error();
  if (Status taken = Parameters(config, false, false, true).take_all(parts.query); !taken) return taken.error();
  return config;
}

Result<Config> parse_network(const Parts& parts, Topology topology, bool tls) {
  Config config;
  config.topology = topology;
  const bool many = topology != Topology::kStandalone;
  const bool sentinel = topology == Topology::kSentinel;
  Result<std::vector<Endpoint>> endpoints = parse_hosts(parts.hosts, sentinel ? kSentinelPort : kRedisPort, many);
  if (!endpoints) return endpoints.error();
  config.endpoints = *std::move(endpoints);
  if (Status login = parse_userinfo(parts, sentinel ? config.sentinel_login : config.login); !login) return login.error();
  if (Status path = parse_path(parts, config); !path) return path.error();
  if (tls) config.tls.emplace();
  Parameters parameters(config, tls || many, many, topology != Topology::kCluster);
  if (Status taken = parameters.take_all(parts.query); !taken) return taken.error();
  return config;
}

}  // namespace

std::string Endpoint::address() const {
  if (!unix_path.empty()) return unix_path;
  std::string text = host;
  if (host.find(':') != std::string::npos) {
    text.insert(0, 1, '[');
    text += ']';
  }
  return text.append(":").append(std::to_string(port));
}

Result<Config> parse_url(std::string_view url) {
  Result<Parts> parts = split(url);
  if (!parts) return parts.error();
  if (parts->scheme == "redis") return parse_network(*parts, Topology::kStandalone, false);
  if (parts->scheme == "rediss") return parse_network(*parts, Topology::kStandalone, true);
  if (parts->scheme == "redis-socket") return parse_socket(*parts);
  if (parts->scheme == "redis-sentinel") return parse_network(*parts, Topology::kSentinel, false);
  if (parts->scheme == "redis-cluster") return parse_network(*parts, Topology::kCluster, false);
  return wrong("scheme", quoted(parts->scheme) +
                             " is unknown; known are redis, rediss, redis-socket, redis-sentinel and redis-cluster");
}

std::string redacted(std::string_view url) {
  const std::size_t scheme = url.find("://");
  const std::size_t start = scheme == std::string_view::npos ? 0 : scheme + 3;
  const std::size_t question = std::min(url.find('?', start), url.size());
  // Up to the last '@', slashes included: in a URL that is not well formed they may stand in the password.
  const std::size_t at = url.substr(0, question).rfind('@');
  std::string safe;
  std::size_t from = 0;
  if (at != std::string_view::npos && at >= start) {
    const std::size_t colon = std::min(url.find(':', start), at);
    safe = url.substr(0, colon);
    if (colon < at) safe += ":***";
    from = at;
  }
  constexpr std::string_view kSecret = "password=";
  for (std::size_t i = question; (i = url.find(kSecret, i)) != std::string_view::npos;) {
    i += kSecret.size();
    safe += url.substr(from, i - from);
    safe += "***";
    from = std::min(url.find('&', i), url.size());
  }
  safe += url.substr(from);
  return safe;
}

}  // namespace windlass::redis
