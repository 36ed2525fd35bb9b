#include "broker/redis/store.hpp"

#include <utility>

namespace windlass::broker {
namespace {

// Whether some of the commands that are not to be repeated were carried out.
bool some_were_carried_out(const redis::Pipeline& commands, const redis::Replies& replies) {
  for (std::size_t i = 0; i < commands.size(); ++i) {
    if (!commands[i].idempotent && !replies[i].is_error()) return true;
  }
  return false;
}

}  // namespace

Result<redis::Replies> Store::call(const redis::Pipeline& commands) {
  if (commands.empty()) return redis::Replies();
  Result<redis::Replies> replies = client_->call(commands);
  if (!replies) return replies;
  for (std::size_t i = 0; i < replies->size(); ++i) {
    const redis::Value reply = (*replies)[i];
    if (!reply.is_error()) continue;
    Error error = redis::to_error(reply);
    if (!some_were_carried_out(commands, *replies)) return error;
    return Error(ErrorCode::kUnknownOutcome, "a part of it was carried out: " + error.message());
  }
  return replies;
}

Result<redis::Replies> Store::read(const redis::Pipeline& commands) {
  if (commands.empty()) return redis::Replies();
  Result<redis::Replies> replies = client_->call(commands);
  for (std::size_t i = 0; replies && i < replies->size(); ++i) {
    const redis::Value reply = (*replies)[i];
    if (reply.is_error() && !redis::is_error_with(reply, "WRONGTYPE")) return redis::to_error(reply);
  }
  return replies;
}

Result<std::shared_ptr<redis::Client>> Store::durable_client() {
  base::Lock lock(mu_);
  if (durable_client_ == nullptr) {
    Result<std::shared_ptr<redis::Client>> opened = redis::open_client(client_->config());
    if (!opened) return opened.error();
    durable_client_ = *std::move(opened);
  }
  return durable_client_;
}

std::string Store::tick_prefix(const std::string& queue) const {
  return is_cluster() ? queue_prefix(queue) + "windlass:" : "asynq:windlass:";
}

std::uint64_t Store::random() {
  base::Lock lock(mu_);
  return random_.next();
}

void Store::remember_lost(LostFetch fetch) {
  base::Lock lock(mu_);
  lost_.push_back(std::move(fetch));
}

std::vector<LostFetch> Store::lost_fetches() {
  base::Lock lock(mu_);
  if (!lost_.empty()) std::erase_if(lost_, [now = clock_.steady()](const LostFetch& fetch) { return fetch.until <= now; });
  return lost_;
}

}  // namespace windlass::broker
