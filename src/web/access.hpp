// Access: who asks, and whether such a request may be answered at all.
//
// Checked for every request: its Host (where no login protects from pages that rebind their name to this address), its Origin,
// the session, token or proxy header, the CSRF token of sessions. docs/operate/security.md says what is defended and what is not.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include <windlass/error.hpp>

#include "http/message.hpp"
#include "web/accounts.hpp"
#include "web/config.hpp"
#include "web/sessions.hpp"

namespace windlass::web {

enum class Means : std::uint8_t { kNobody, kLocal, kSession, kToken, kProxy };

struct Identity {
  Means means = Means::kNobody;
  std::string user;
  Role role = Role::kViewer;
  std::string session;  // id, for kSession
  std::string csrf;
  TimePoint expires_at;
  std::string address;  // of the client, as far as known

  bool known() const { return means != Means::kNobody; }
};

// Why a request is refused: status, code and text of the error.
struct Refusal {
  int status = 403;
  std::string code;
  std::string message;
  Duration retry_after{};
};

// Thread-safe.
class Access {
 public:
  static constexpr std::string_view kCookie = "windlass_session";

  // Errors: kInvalidArgument (a setting; an address of others without a login), kPermissionDenied (a file that others can read).
  static Result<std::unique_ptr<Access>> open(const WebConfig& config, base::Clock& clock);

  // Of the place it came from, before anybody looks who it is.
  std::optional<Refusal> refuse_origin(const http::Request& request) const;
  // Who asks. Nobody: no session, token or header, or none that is valid.
  Identity identify(const http::Request& request);
  // Whether a request that changes something carries the token of its session.
  std::optional<Refusal> refuse_forged(const http::Request& request, const Identity& who) const;
  // The session goes on.
  bool valid(const Identity& who);

  // The new session, or why there is none.
  std::variant<Session, Refusal> log_in(const http::Request& request, const std::string& user, const std::string& password);
  std::variant<Session, Refusal> log_in(const http::Request& request, const std::string& token);
  void log_out(const Identity& who);
  // Set-Cookie for it; an empty id ends it.
  std::string cookie(const std::string& session_id) const;

  bool login_required() const { return config_.has_login(); }
  std::vector<std::string> methods() const;
  // The address of the client: the one that a trusted proxy names, else that of the connection.
  std::string address_of(const http::Request& request) const;

 private:
  Access(const WebConfig& config, base::Clock& clock);
  std::optional<Account> account_of_token(const std::string& token);
  std::variant<Session, Refusal> open_session(const std::string& address, const std::optional<Account>& account);
  std::optional<Refusal> wait_first(const std::string& address);
  bool from_trusted_proxy(const http::Request& request) const;
  bool is_our_host(std::string_view host) const;
  Identity of_session(const std::string& id);

  const WebConfig& config_;
  std::unique_ptr<Accounts> users_, tokens_;
  Sessions sessions_;
  LoginGuard guard_;
  std::string unknown_hash_;  // checked for users that are not there, so that they take as long
};

// Only this machine can reach it.
bool is_loopback(const std::string& host);
// `network` is an address, or ADDRESS/BITS.
bool in_network(const std::string& address, const std::string& network);

}  // namespace windlass::web
