#include "web/sessions.hpp"

#include <algorithm>

#include "web/secrets.hpp"

namespace windlass::web {

Session Sessions::open(const std::string& user, Role role, const std::string& secret) {
  Session session{new_secret(), new_secret(), user, role, secret, clock_.now() + lifetime_, clock_.steady() + lifetime_};
  base::Lock lock(mu_);
  std::erase_if(sessions_, [&](const auto& item) { return item.second.ends <= clock_.steady(); });
  if (sessions_.size() >= kMax) {
    sessions_.erase(std::min_element(sessions_.begin(), sessions_.end(),
                                     [](const auto& a, const auto& b) { return a.second.ends < b.second.ends; }));
  }
  sessions_.emplace(session.id, session);
  return session;
}

std::optional<Session> Sessions::find(const std::string& id) {
  base::Lock lock(mu_);
  const auto found = sessions_.find(id);
  if (found == sessions_.end() || found->second.ends <= clock_.steady()) return std::nullopt;
  return found->second;
}

void Sessions::close(const std::string& id) {
  base::Lock lock(mu_);
  sessions_.erase(id);
}

Duration LoginGuard::wait_of(const std::string& address) {
  base::Lock lock(mu_);
  const auto found = failures_.find(address);
  if (found == failures_.end() || found->second.count < kFailuresMax) return {};
  return std::max(Duration::zero(), found->second.until - clock_.steady());
}

void LoginGuard::failed(const std::string& address) {
  base::Lock lock(mu_);
  const Duration now = clock_.steady();
  std::erase_if(failures_, [&](const auto& item) { return item.second.until <= now; });
  // So many addresses at once are an attack: rather a few that are not counted than memory without end.
  if (failures_.size() >= kAddressesMax) return;
  Failures& failures = failures_[address];
  ++failures.count;
  failures.until = now + kWindow;
}

void LoginGuard::succeeded(const std::string& address) {
  base::Lock lock(mu_);
  failures_.erase(address);
}

}  // namespace windlass::web
