#include "web/access.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>
#include <cstring>

#include "web/secrets.hpp"

namespace windlass::web {
namespace {

// The name in "name:port" and "[address]:port".
std::string_view host_name(std::string_view host) {
  if (host.starts_with('[')) return host.substr(0, host.find(']') + 1);
  return host.substr(0, host.rfind(':'));
}

// What stands behind "scheme://".
std::string_view authority_of(std::string_view origin) {
  const std::size_t at = origin.find("://");
  return at == origin.npos ? std::string_view() : origin.substr(at + 3);
}

std::string cookie_of(const http::Request& request, std::string_view name) {
  const std::string* header = request.header("cookie");
  std::string_view rest = header ? std::string_view(*header) : std::string_view();
  while (!rest.empty()) {
    std::string_view item = rest.substr(0, rest.find(';'));
    rest.remove_prefix(std::min(item.size() + 1, rest.size()));
    while (item.starts_with(' ')) item.remove_prefix(1);
    if (item.starts_with(name) && item.substr(name.size()).starts_with('=')) return std::string(item.substr(name.size() + 1));
  }
  return "";
}

std::optional<std::string> parse_address(const std::string& text) {
  unsigned char bytes[16];
  if (::inet_pton(AF_INET, text.c_str(), bytes) == 1) return std::string(reinterpret_cast<char*>(bytes), 4);
  if (::inet_pton(AF_INET6, text.c_str(), bytes) == 1) return std::string(reinterpret_cast<char*>(bytes), 16);
  return std::nullopt;
}

// Address and number of bits that count; nothing if it is no network.
std::optional<std::pair<std::string, std::size_t>> parse_network(const std::string& text) {
  const std::size_t slash = text.find('/');
  const auto address = parse_address(text.substr(0, slash));
  if (!address) return std::nullopt;
  std::size_t bits = address->size() * 8;
  if (slash != text.npos) {
    const char* end = text.data() + text.size();
    const auto [read, failed] = std::from_chars(text.data() + slash + 1, end, bits);
    if (failed != std::errc() || read != end || bits > address->size() * 8) return std::nullopt;
  }
  return std::pair(*address, bits);
}

std::string check_password_hash(const std::string& secret) {
  if (is_password_hash(secret) || secret == "-") return "";
  return "the third part must be a hash as `windlass web --hash-password` prints it, or '-' for somebody who comes by the proxy only";
}

std::string check_token(const std::string& secret) {
  return secret.size() >= 32 ? "" : "a token must have at least 32 characters, as from: openssl rand -hex 32";
}

Error bad(const std::string& text) { return Error(ErrorCode::kInvalidArgument, text); }

Status check_config(const WebConfig& config) {
  if (!config.has_login() && !is_loopback(config.host)) {
    return bad("an address that others can reach (" + (config.host.empty() ? "all" : config.host) +
               ") needs a login: give --users, --tokens or --proxy-header, or listen on 127.0.0.1");
  }
  if (!config.proxy_header.empty() && config.trusted_proxies.empty()) {
    return bad("--proxy-header needs --trusted-proxy: anybody could send that header");
  }
  for (const std::string& network : config.trusted_proxies) {
    if (!parse_network(network)) return bad("--trusted-proxy '" + network + "': must be an address, or a network as 10.0.0.0/8");
  }
  return {};
}

std::string lower(std::string text) {
  for (char& c : text) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return text;
}

Refusal login_failed() { return {401, "login_failed", "user and password, or the token, are not right", {}}; }

}  // namespace

std::string_view role_name(Role role) {
  switch (role) {
    case Role::kViewer: return "viewer";
    case Role::kOperator: return "operator";
    case Role::kAdmin: return "admin";
  }
  return "";
}

std::optional<Role> find_role(std::string_view name) {
  for (const Role role : {Role::kViewer, Role::kOperator, Role::kAdmin}) {
    if (role_name(role) == name) return role;
  }
  return std::nullopt;
}

bool is_loopback(const std::string& host) {
  return host == "localhost" || host == "::1" || in_network(host, "127.0.0.0/8");
}

bool in_network(const std::string& address, const std::string& network) {
  const auto own = parse_address(address);
  const auto other = parse_network(network);
  if (!own || !other || own->size() != other->first.size()) return false;
  const std::size_t whole = other->second / 8, rest = other->second % 8;
  if (own->compare(0, whole, other->first, 0, whole) != 0) return false;
  if (rest == 0) return true;
  const int mask = 0xff << (8 - rest);
  return ((*own)[whole] & mask) == (other->first[whole] & mask);
}

Access::Access(const WebConfig& config, base::Clock& clock)
    : config_(config), sessions_(clock, config.session_lifetime), guard_(clock) {}

Result<std::unique_ptr<Access>> Access::open(const WebConfig& config, base::Clock& clock) {
  if (Status fine = check_config(config); !fine) return fine.error();
  std::unique_ptr<Access> access(new Access(config, clock));
  const auto load = [](const std::string& file, const Accounts::Check& check, std::unique_ptr<Accounts>& into) -> Status {
    if (file.empty()) return {};
    auto accounts = Accounts::open(file, check);
    if (!accounts) return accounts.error();
    into = *std::move(accounts);
    return {};
  };
  if (Status loaded = load(config.users_file, check_password_hash, access->users_); !loaded) return loaded.error();
  if (Status loaded = load(config.token_file, check_token, access->tokens_); !loaded) return loaded.error();
  if (access->users_) {
    auto hash = hash_password(new_secret());
    if (!hash) return hash.error();
    access->unknown_hash_ = *std::move(hash);
  }
  return access;
}

bool Access::from_trusted_proxy(const http::Request& request) const {
  return std::any_of(config_.trusted_proxies.begin(), config_.trusted_proxies.end(),
                     [&](const std::string& network) { return in_network(request.peer, network); });
}

std::string Access::address_of(const http::Request& request) const {
  const std::string* forwarded = request.header("x-forwarded-for");
  if (!forwarded || !from_trusted_proxy(request)) return request.peer;
  // The last one is what the proxy saw itself; those before are what its client claims.
  std::string last = forwarded->substr(forwarded->rfind(',') + 1);
  last.erase(0, last.find_first_not_of(' '));
  return parse_address(last) ? last : request.peer;
}

bool Access::is_our_host(std::string_view host) const {
  const std::string_view name = host_name(host);
  const auto is = [&](std::string_view other) { return http::same_name(name, other) || http::same_name(host, other); };
  return is("localhost") || is("127.0.0.1") || is("[::1]") || is(config_.host) ||
         std::any_of(config_.allowed_hosts.begin(), config_.allowed_hosts.end(), is);
}

std::optional<Refusal> Access::refuse_origin(const http::Request& request) const {
  const std::string* host = request.header("host");
  if (!host || request.header_count("host") != 1) return Refusal{400, "bad_host", "a request needs one Host header", {}};
  const bool checked = !config_.has_login() || !config_.allowed_hosts.empty();
  if (checked && !is_our_host(*host)) {
    return Refusal{421, "bad_host", "this server is not called that; see --allowed-host", {}};
  }
  if (request.method == "GET" || request.method == "HEAD") return std::nullopt;
  const std::string* site = request.header("sec-fetch-site");
  if (site && *site != "same-origin" && *site != "none") {
    return Refusal{403, "bad_origin", "another site may not act here", {}};
  }
  const std::string* origin = request.header("origin");
  if (!origin) return std::nullopt;  // no browser
  const std::string_view from = authority_of(*origin);
  const std::string* forwarded = from_trusted_proxy(request) ? request.header("x-forwarded-host") : nullptr;
  const bool ours = !from.empty() && (http::same_name(from, *host) || (forwarded && http::same_name(from, *forwarded)) ||
                                      (!config_.allowed_hosts.empty() && is_our_host(from)));
  if (ours) return std::nullopt;
  return Refusal{403, "bad_origin", "another site may not act here; behind a proxy see --allowed-host", {}};
}

Identity Access::of_session(const std::string& id) {
  const std::optional<Session> session = id.empty() ? std::nullopt : sessions_.find(id);
  if (!session) return {};
  const auto& accounts = session->user.starts_with("token:") ? tokens_ : users_;
  const std::string name = session->user.substr(session->user.starts_with("token:") ? 6 : 0);
  const std::optional<Account> account = accounts ? accounts->find(name) : std::nullopt;
  if (!account || account->secret != session->secret || account->role != session->role) return {};
  return {Means::kSession, name, session->role, session->id, session->csrf, session->expires_at, ""};
}

Identity Access::identify(const http::Request& request) {
  Identity who;
  const std::string* authorization = request.header("authorization");
  const std::string* proxied =
      !config_.proxy_header.empty() && from_trusted_proxy(request) ? request.header(lower(config_.proxy_header)) : nullptr;
  if (!config_.has_login()) {
    who = {Means::kLocal, "local", Role::kAdmin, "", "", kNoTime, ""};
  } else if (authorization && http::same_name(authorization->substr(0, 7), "Bearer ")) {
    const std::string address = address_of(request);
    const bool too_many = guard_.wait_of(address) > Duration::zero();
    if (const auto account = too_many ? std::nullopt : account_of_token(authorization->substr(7))) {
      who = {Means::kToken, account->name, account->role, "", "", kNoTime, ""};
    } else if (!too_many) {
      guard_.failed(address);
    }
  } else if (proxied && !proxied->empty() && request.header_count(lower(config_.proxy_header)) == 1) {
    const std::optional<Account> account = users_ ? users_->find(*proxied) : std::nullopt;
    who = {Means::kProxy, *proxied, account ? account->role : config_.proxy_role, "", "", kNoTime, ""};
  } else {
    who = of_session(cookie_of(request, kCookie));
  }
  who.address = address_of(request);
  return who;
}

std::optional<Refusal> Access::refuse_forged(const http::Request& request, const Identity& who) const {
  if (who.means != Means::kSession) return std::nullopt;
  const std::string* token = request.header("x-csrf-token");
  if (token && same_secret(*token, who.csrf)) return std::nullopt;
  return Refusal{403, "csrf", "the header X-CSRF-Token of this session is missing or wrong; see GET api/session", {}};
}

bool Access::valid(const Identity& who) { return who.means != Means::kSession || of_session(who.session).known(); }

std::optional<Account> Access::account_of_token(const std::string& token) {
  if (!tokens_) return std::nullopt;
  std::optional<Account> found;
  for (const auto& [name, account] : tokens_->all()) {
    if (same_secret(account.secret, token)) found = account;
  }
  return found;
}

std::optional<Refusal> Access::wait_first(const std::string& address) {
  const Duration wait = guard_.wait_of(address);
  if (wait <= Duration::zero()) return std::nullopt;
  return Refusal{429, "too_many_attempts", "too many failed logins from this address; wait a minute", wait};
}

std::variant<Session, Refusal> Access::open_session(const std::string& address, const std::optional<Account>& account) {
  if (!account) {
    guard_.failed(address);
    return login_failed();
  }
  guard_.succeeded(address);
  return sessions_.open(account->name, account->role, account->secret);
}

std::variant<Session, Refusal> Access::log_in(const http::Request& request, const std::string& user, const std::string& password) {
  const std::string address = address_of(request);
  if (const auto wait = wait_first(address)) return *wait;
  std::optional<Account> account = users_ ? users_->find(user) : std::nullopt;
  const bool has_password = account && account->secret != "-";
  const bool right = users_ && password_matches(password, has_password ? account->secret : unknown_hash_);
  if (!has_password || !right) account.reset();
  return open_session(address, account);
}

std::variant<Session, Refusal> Access::log_in(const http::Request& request, const std::string& token) {
  const std::string address = address_of(request);
  if (const auto wait = wait_first(address)) return *wait;
  std::optional<Account> account = account_of_token(token);
  if (account) account->name = "token:" + account->name;
  return open_session(address, account);
}

void Access::log_out(const Identity& who) { sessions_.close(who.session); }

std::string Access::cookie(const std::string& session_id) const {
  std::string text = std::string(kCookie) + "=" + session_id + "; Path=" + config_.root_path + "/; HttpOnly; SameSite=Strict";
  if (!config_.tls_cert.empty()) text += "; Secure";
  if (session_id.empty()) return text + "; Max-Age=0";
  return text + "; Max-Age=" + std::to_string(std::chrono::duration_cast<std::chrono::seconds>(config_.session_lifetime).count());
}

std::vector<std::string> Access::methods() const {
  std::vector<std::string> methods;
  if (users_) methods.emplace_back("password");
  if (tokens_) methods.emplace_back("token");
  if (!config_.proxy_header.empty()) methods.emplace_back("proxy");
  return methods;
}

}  // namespace windlass::web
