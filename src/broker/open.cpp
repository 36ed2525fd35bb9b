#include "broker/open.hpp"

#include <windlass/broker.hpp>

#include <charconv>
#include <optional>
#include <utility>
#include <vector>

#include "broker/memory/memory_broker.hpp"
#include "broker/redis/redis_broker.hpp"
#include "broker/sqlite/sqlite_broker.hpp"
#include "redis/url.hpp"

namespace windlass::broker {

namespace {

struct UrlOption {
  std::string_view key;
  std::string_view value;
};

struct Url {
  std::string_view scheme;
  std::string_view rest;   // what stands between "scheme:" and '?'
  std::vector<UrlOption> options;
};

std::vector<UrlOption> split_options(std::string_view text) {
  std::vector<UrlOption> options;
  while (!text.empty()) {
    const std::size_t end = text.find('&');
    const std::string_view option = text.substr(0, end);
    const std::size_t equals = option.find('=');
    options.push_back({option.substr(0, equals), equals == std::string_view::npos ? "" : option.substr(equals + 1)});
    text = end == std::string_view::npos ? "" : text.substr(end + 1);
  }
  return options;
}

Url split_url(std::string_view url) {
  const std::size_t colon = url.find(':');
  if (colon == std::string_view::npos) return {{}, url, {}};
  Url parts{url.substr(0, colon), url.substr(colon + 1), {}};
  if (const std::size_t question = parts.rest.find('?'); question != std::string_view::npos) {
    parts.options = split_options(parts.rest.substr(question + 1));
    parts.rest = parts.rest.substr(0, question);
  }
  return parts;
}

Error bad_url(std::string_view url, const std::string& why) {
  return Error(ErrorCode::kInvalidArgument, "broker URL '" + redact_url(url) + "': " + why);
}

std::optional<Durability> find_durability(std::string_view name) {
  for (const Durability durability : {Durability::kFull, Durability::kNormal, Durability::kOff}) {
    if (durability_name(durability) == name) return durability;
  }
  return std::nullopt;
}

std::optional<std::size_t> parse_bytes(std::string_view text) {
  std::size_t bytes = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), bytes);
  if (error != std::errc() || end != text.data() + text.size() || bytes == 0) return std::nullopt;
  return bytes;
}

Status take_payload_max(std::string_view url, std::string_view text, std::size_t& into) {
  const std::optional<std::size_t> bytes = parse_bytes(text);
  if (!bytes) return bad_url(url, "payload_max must be a number of bytes above 0, not '" + std::string(text) + "'");
  into = *bytes;
  return {};
}

Result<std::shared_ptr<Broker>> open_memory(std::string_view url, const Url& parts, base::Clock& clock) {
  if (parts.rest.empty() && parts.options.empty()) return make_memory_broker(clock);
  return bad_url(url, "memory: takes no path and no options");
}

Result<std::shared_ptr<Broker>> open_sqlite(std::string_view url, const Url& parts, base::Clock& clock) {
  DatabaseOptions options;
  std::size_t payload_max = kSqlitePayloadMax;
  options.path = parts.rest;
  for (const auto& [key, value] : parts.options) {
    if (key == "durability") {
      const std::optional<Durability> durability = find_durability(value);
      if (!durability) return bad_url(url, "durability must be full, normal or off, not '" + std::string(value) + "'");
      options.durability = *durability;
    } else if (key == "payload_max") {
      if (Status taken = take_payload_max(url, value, payload_max); !taken) return taken.error();
    } else {
      return bad_url(url, "unknown option '" + std::string(key) + "'; sqlite: takes durability and payload_max");
    }
  }
  if (options.path.empty()) return bad_url(url, "the path is missing: give sqlite:PATH");
  return open_sqlite_broker(options, clock, payload_max);
}

// All options but payload_max are those of the connection.
Result<std::shared_ptr<Broker>> open_redis(std::string_view url, const Url& parts, base::Clock& clock) {
  std::size_t payload_max = kRedisPayloadMax;
  std::string rest = std::string(parts.scheme) + ":" + std::string(parts.rest);
  char separator = '?';
  for (const auto& [key, value] : parts.options) {
    if (key == "payload_max") {
      if (Status taken = take_payload_max(url, value, payload_max); !taken) return taken.error();
      continue;
    }
    rest.append(1, std::exchange(separator, '&')).append(key).append("=").append(value);
  }
  const Result<redis::Config> config = redis::parse_url(rest);
  if (!config) {
    const bool unknown = config.error().message().find("known are") != std::string::npos;
    return bad_url(url, config.error().message() + (unknown ? ", payload_max" : ""));
  }
  auto broker = open_redis_broker(*config, clock, payload_max);
  if (!broker) return broker.error().at("broker '" + redact_url(url) + "'");
  return broker;
}

}  // namespace

Result<std::shared_ptr<Broker>> open_broker(std::string_view url, base::Clock& clock) {
  const Url parts = split_url(url);
  if (parts.scheme == "memory") return open_memory(url, parts, clock);
  if (parts.scheme == "sqlite") return open_sqlite(url, parts, clock);
  if (parts.scheme.starts_with("redis")) return open_redis(url, parts, clock);
  return bad_url(url, "unknown scheme '" + std::string(parts.scheme) + "'; use memory:, sqlite:PATH or redis://HOST:PORT/DB");
}

std::string redact_url(std::string_view url) {
  const bool has_host = url.find("://") != std::string_view::npos || url.starts_with("redis");
  return has_host ? redis::redacted(url) : std::string(url);
}

}  // namespace windlass::broker

namespace windlass {

Result<BrokerPtr> open_broker(std::string_view url) { return broker::open_broker(url, base::real_clock()); }

}  // namespace windlass
