// Sessions: who has logged in with a password, until when. Kept in memory: a restart ends them.
#pragma once

#include <map>
#include <optional>
#include <string>

#include <windlass/time.hpp>

#include "base/clock.hpp"
#include "base/mutex.hpp"
#include "web/config.hpp"

namespace windlass::web {

struct Session {
  std::string id;    // in the cookie
  std::string csrf;  // in a header of every request that changes something
  std::string user;
  Role role = Role::kViewer;
  std::string secret;  // of the account at the login: a new password ends the session
  TimePoint expires_at;
  Duration ends{};     // the same on the clock that never jumps
};

// Thread-safe.
class Sessions {
 public:
  static constexpr std::size_t kMax = 10000;  // the one that ends first makes room

  Sessions(base::Clock& clock, Duration lifetime) : clock_(clock), lifetime_(lifetime) {}

  Session open(const std::string& user, Role role, const std::string& secret);
  std::optional<Session> find(const std::string& id);
  void close(const std::string& id);

 private:
  base::Clock& clock_;
  const Duration lifetime_;
  base::Mutex mu_;
  std::map<std::string, Session> sessions_ WINDLASS_GUARDED_BY(mu_);
};

// LoginGuard: counts failed logins of an address, so that passwords cannot be tried one after the other.
class LoginGuard {
 public:
  static constexpr int kFailuresMax = 5;
  static constexpr Duration kWindow = std::chrono::minutes(1);
  static constexpr std::size_t kAddressesMax = 10000;

  explicit LoginGuard(base::Clock& clock) : clock_(clock) {}

  // How long the address has to wait; zero: it may try.
  Duration wait_of(const std::string& address);
  void failed(const std::string& address);
  void succeeded(const std::string& address);

 private:
  struct Failures {
    int count = 0;
    Duration until{};
  };
  base::Clock& clock_;
  base::Mutex mu_;
  std::map<std::string, Failures> failures_ WINDLASS_GUARDED_BY(mu_);
};

}  // namespace windlass::web
