#include "redis/sentinel.hpp"

#include <algorithm>
#include <atomic>
#include <charconv>
#include <thread>

#include "redis/error_reply.hpp"
#include "redis/node.hpp"
#include "redis/subscriber.hpp"

namespace windlass::redis {
namespace {

// For one sentinel, so that a dead one does not use up the whole deadline.
constexpr std::chrono::milliseconds kAskTimeout{1000};
constexpr std::string_view kSwitchMaster = "+switch-master";

Result<Endpoint> to_endpoint(const Value& host, const Value& port) {
  const std::optional<std::int64_t> number = port.integer();
  if (host.text().empty() || !number || *number < 1 || *number > 65535) {
    return Error(ErrorCode::kCorrupt, "sentinel: not an address");
  }
  return Endpoint{std::string(host.text()), static_cast<std::uint16_t>(*number), {}};
}

// A client of the present master.
class SentinelClient final : public Client {
 public:
  explicit SentinelClient(const std::shared_ptr<const Connector>& connector)
      : Client(connector),
        sentinels_(std::make_shared<Sentinels>(connector)),
        node_("redis master '" + connector->config().master + "'", dial_for({})),
        subscriber_([sentinels = sentinels_](net::Deadline deadline) { return sentinels->dial_sentinel(deadline); },
                    {std::string(kSwitchMaster)}),
        watcher_([this](const std::stop_token& stop) { watch(stop); }) {}

  ~SentinelClient() override {
    watcher_.request_stop();
    subscriber_.wake();
  }

  Dial dial_for(std::string_view) override {
    return [sentinels = sentinels_](net::Deadline deadline) { return sentinels->dial_master(deadline); };
  }

 private:
  // A master that became a replica refuses writes with READONLY: those commands were surely not executed, so they are sent
  // again to the new one.
  Result<Replies> run(const Pipeline& commands, const CallLimits& limits) override {
    Result<Replies> replies = node_.call(commands, limits);
    if (!replies) return replies;
    Pipeline again;
    std::vector<std::size_t> refused;
    for (std::size_t i = 0; i < replies->size(); ++i) {
      if (!is_error_with((*replies)[i], "READONLY")) continue;
      refused.push_back(i);
      again.append(commands, i);
    }
    if (refused.empty()) return replies;
    node_.disconnect(Error(ErrorCode::kUnavailable, "no longer a master"));
    Result<Replies> second = node_.call(again, limits);
    if (!second) {
      const bool all = refused.size() == commands.size();
      return all ? second.error() : Error(ErrorCode::kUnknownOutcome, second.error().message());
    }
    for (std::size_t k = 0; k < refused.size(); ++k) replies->replace(refused[k], (*second)[k]);
    return replies;
  }

  void watch(const std::stop_token& stop) {
    while (!stop.stop_requested()) {
      Result<MessageBatch> batch = subscriber_.wait(net::after(std::chrono::hours(1)));
      if (!batch) continue;
      const std::string begins = config().master + " ";
      const bool switched = std::any_of(batch->messages.begin(), batch->messages.end(),
                                        [&](const Message& m) { return m.payload.starts_with(begins); });
      if (switched || batch->missed) node_.disconnect(Error(ErrorCode::kUnavailable, "the master may have changed"));
    }
  }

  const std::shared_ptr<Sentinels> sentinels_;
  Node node_;
  Subscriber subscriber_;  // of the watcher, but for wake()
  std::jthread watcher_;   // last: uses all of the above
};

}  // namespace

Sentinels::Sentinels(std::shared_ptr<const Connector> connector)
    : connector_(std::move(connector)), known_(connector_->config().endpoints) {}

Result<ConnectionPtr> Sentinels::dial_master(net::Deadline deadline) {
  std::string causes;
  ErrorCode code = ErrorCode::kUnavailable;
  std::vector<Endpoint> tried;
  for (const Endpoint& sentinel : known()) {
    Result<Endpoint> master = ask(sentinel, std::min(deadline, net::after(kAskTimeout)));
    if (master && std::find(tried.begin(), tried.end(), *master) != tried.end()) continue;
    Result<ConnectionPtr> connection = master ? dial_as_master(*master, deadline) : master.error();
    if (connection) {
      prefer(sentinel);
      return connection;
    }
    if (master) tried.push_back(*master);
    if (connection.error().code() != ErrorCode::kUnavailable) code = connection.error().code();
    causes += (causes.empty() ? "" : "; ") + connection.error().message();
    // Where the master is looked for next time: this one may take all the time there is.
    ask_last(sentinel);
  }
  return Error(code, "no sentinel knows where the master '" + connector_->config().master + "' is: " + causes);
}

Result<ConnectionPtr> Sentinels::dial_as_master(const Endpoint& endpoint, net::Deadline deadline) {
  Result<ConnectionPtr> connection = connector_->to_node(endpoint, deadline);
  if (!connection) return connection;
  Pipeline p;
  p.add("ROLE").idempotent();
  Result<Replies> role = (*connection)->call(p, deadline);
  if (!role) return role.error();
  if ((*role)[0].is_error()) return to_error((*role)[0]).at((*connection)->name());
  if ((*role)[0].size() > 0 && (*role)[0][0].text() == "master") return connection;
  return Error(ErrorCode::kUnavailable, (*connection)->name() + ": named as the master by the sentinels but is not one");
}

Result<ConnectionPtr> Sentinels::dial_sentinel(net::Deadline deadline) {
  Error last(ErrorCode::kUnavailable, "no sentinel");
  for (const Endpoint& sentinel : known()) {
    Result<ConnectionPtr> connection = connector_->to_sentinel(sentinel, std::min(deadline, net::after(kAskTimeout)));
    if (connection) return connection;
    last = connection.error();
  }
  return last;
}

Result<Endpoint> Sentinels::ask(const Endpoint& sentinel, net::Deadline deadline) {
  Result<ConnectionPtr> connection = connector_->to_sentinel(sentinel, deadline);
  if (!connection) return connection.error();
  const std::string& name = connector_->config().master;
  Pipeline p;
  p.add("SENTINEL", "get-master-addr-by-name", name).idempotent();
  p.add("SENTINEL", "sentinels", name).idempotent();
  Result<Replies> replies = (*connection)->call(p, deadline);
  if (!replies) return replies.error();
  const Value address = (*replies)[0];
  if (address.is_error()) return to_error(address).at((*connection)->name());
  if (address.size() != 2) {
    return Error(ErrorCode::kInvalidArgument, (*connection)->name() + ": does not watch a master '" + name + "'");
  }
  learn((*replies)[1]);
  return to_endpoint(address[0], address[1]);
}

std::vector<Endpoint> Sentinels::known() {
  base::Lock lock(mu_);
  return known_;
}

void Sentinels::prefer(const Endpoint& sentinel) {
  base::Lock lock(mu_);
  const auto at = std::find(known_.begin(), known_.end(), sentinel);
  if (at != known_.end()) std::rotate(known_.begin(), at, at + 1);
}

void Sentinels::ask_last(const Endpoint& sentinel) {
  base::Lock lock(mu_);
  const auto at = std::find(known_.begin(), known_.end(), sentinel);
  if (at != known_.end()) std::rotate(at, at + 1, known_.end());
}

void Sentinels::learn(const Value& others) {
  base::Lock lock(mu_);
  for (const Value other : others) {
    const std::optional<Value> host = other.find("ip");
    const std::optional<Value> port = other.find("port");
    if (!host || !port) continue;
    Result<Endpoint> endpoint = to_endpoint(*host, *port);
    if (endpoint && std::find(known_.begin(), known_.end(), *endpoint) == known_.end()) known_.push_back(*endpoint);
  }
}

std::shared_ptr<Client> make_sentinel_client(std::shared_ptr<const Connector> connector) {
  return std::make_shared<SentinelClient>(connector);
}

}  // namespace windlass::redis
