#include "redis/cluster.hpp"

#include <algorithm>
#include <map>
#include <string>
#include <thread>
#include <vector>

#include "redis/error_reply.hpp"
#include "redis/node.hpp"
#include "redis/slots.hpp"

namespace windlass::redis {
namespace {

using Clock = std::chrono::steady_clock;

// How often commands that were sent elsewhere, or asked to come back later, are tried again in one call that does not wait
// for connections. A slot that moves twice while we look is rare.
constexpr int kRounds = 8;
constexpr std::chrono::milliseconds kPause{20};
constexpr std::chrono::milliseconds kRefreshTimeout{1000};

// The slot map and the nodes. Thread-safe.
class Topography {
 public:
  explicit Topography(std::shared_ptr<const Connector> connector) : connector_(std::move(connector)) {}

  struct Place {
    Endpoint endpoint;
    std::shared_ptr<Node> node;
  };

  // Where commands of this slot go; without a slot, to any master. Asks for the map if it does not say.
  Result<Place> find(std::optional<std::uint16_t> slot, net::Deadline deadline) {
    if (const auto found = look_up(slot)) return *found;
    // Perhaps it was assigned since.
    if (Status refreshed = refresh(deadline); !refreshed) return refreshed.error();
    if (const auto found = look_up(slot)) return *found;
    return Error(ErrorCode::kUnavailable, "redis cluster: no node owns slot " + std::to_string(slot.value_or(0)));
  }

  Place at(const Endpoint& endpoint) {
    base::Lock lock(mu_);
    return place(endpoint);
  }

  void moved(const Redirect& redirect) {
    base::Lock lock(mu_);
    map_.assign(redirect.slot, redirect.to);
  }

  // Asks the masters known, then the nodes of the configuration, until one answers. One thread at a time asks; others take
  // what it got.
  Status refresh(net::Deadline deadline) {
    const std::uint64_t seen = generation();
    base::Lock one_at_a_time(refresh_mu_);
    if (generation() != seen) return {};
    std::string causes;
    for (const Endpoint& endpoint : candidates()) {
      Result<SlotMap> map = ask(endpoint, std::min(deadline, net::after(kRefreshTimeout)));
      if (map) {
        install(*std::move(map));
        return {};
      }
      causes += (causes.empty() ? "" : "; ") + map.error().message();
      if (map.error().code() == ErrorCode::kPermissionDenied) return map.error();
    }
    return Error(ErrorCode::kUnavailable, "no node of the cluster answers: " + causes);
  }

  const std::shared_ptr<const Connector>& connector() const { return connector_; }

 private:
  std::optional<Place> look_up(std::optional<std::uint16_t> slot) {
    base::Lock lock(mu_);
    const Endpoint* endpoint = slot ? map_.owner(*slot) : any_master();
    if (!endpoint) return std::nullopt;
    return place(*endpoint);
  }

  Place place(const Endpoint& endpoint) WINDLASS_REQUIRES(mu_) {
    std::shared_ptr<Node>& node = nodes_[endpoint.address()];
    if (!node) {
      node = std::make_shared<Node>("redis " + endpoint.address(), [connector = connector_, endpoint](net::Deadline deadline) {
        return connector->to_node(endpoint, deadline);
      });
    }
    return {endpoint, node};
  }

  const Endpoint* any_master() WINDLASS_REQUIRES(mu_) {
    return map_.masters().empty() ? nullptr : &map_.masters()[next_++ % map_.masters().size()];
  }

  std::vector<Endpoint> candidates() {
    base::Lock lock(mu_);
    std::vector<Endpoint> all = map_.masters();
    for (const Endpoint& endpoint : connector_->config().endpoints) {
      if (std::find(all.begin(), all.end(), endpoint) == all.end()) all.push_back(endpoint);
    }
    return all;
  }

  Result<SlotMap> ask(const Endpoint& endpoint, net::Deadline deadline) {
    Pipeline p;
    p.add("CLUSTER", "SLOTS").idempotent();
    Result<Replies> replies = at(endpoint).node->call(p, CallLimits{deadline, false});
    if (!replies) return replies.error();
    if ((*replies)[0].is_error()) return to_error((*replies)[0]).at("redis " + endpoint.address());
    return SlotMap::parse((*replies)[0], endpoint);
  }

  void install(SlotMap map) {
    base::Lock lock(mu_);
    map_ = std::move(map);
    ++generation_;
    // Nodes that left the cluster are let go; calls under way keep theirs.
    std::erase_if(nodes_, [&](const auto& entry) WINDLASS_NO_TSA {
      const auto& masters = map_.masters();
      return std::none_of(masters.begin(), masters.end(), [&](const Endpoint& e) { return e.address() == entry.first; });
    });
  }

  std::uint64_t generation() {
    base::Lock lock(mu_);
    return generation_;
  }

  const std::shared_ptr<const Connector> connector_;
  base::Mutex refresh_mu_;  // taken before mu_
  base::Mutex mu_;
  SlotMap map_ WINDLASS_GUARDED_BY(mu_);
  std::uint64_t generation_ WINDLASS_GUARDED_BY(mu_) = 0;
  std::size_t next_ WINDLASS_GUARDED_BY(mu_) = 0;
  std::map<std::string, std::shared_ptr<Node>> nodes_ WINDLASS_GUARDED_BY(mu_);
};

// The commands of a call that go to one node in one round.
struct Share {
  Topography::Place place;
  std::vector<std::size_t> commands;  // positions in the call
  Pipeline pipeline;
  SharedConnection::Call call;
};

bool any_redirected(const Replies& replies) {
  for (std::size_t i = 0; i < replies.size(); ++i) {
    for (const std::string_view code : {"MOVED", "ASK", "TRYAGAIN", "CLUSTERDOWN"}) {
      if (is_error_with(replies[i], code)) return true;
    }
  }
  return false;
}

// One call on its way through the cluster. Confined to its thread.
class Journey {
 public:
  Journey(Topography& topography, const Pipeline& commands, const CallLimits& limits)
      : topography_(topography), commands_(commands), limits_(limits) {}

  Result<Replies> run() {
    for (std::size_t i = 0; i < commands_.size(); ++i) todo_.push_back(i);
    for (int round = 0; !todo_.empty(); ++round) {
      if (Status sent = send_round(); !sent) return failed(sent.error());
      if (lost_) return failed(*lost_);
      if (todo_.empty()) break;
      const bool more = limits_.wait_for_connection || round + 1 < kRounds;
      if (!more || Clock::now() + kPause >= limits_.deadline) return failed(give_up());
      if (pause_) std::this_thread::sleep_for(kPause);
      if (stale_) (void)topography_.refresh(limits_.deadline);
    }
    return std::move(replies_);
  }

 private:
  Status send_round() {
    pause_ = stale_ = false;
    std::vector<std::unique_ptr<Share>> shares;
    if (Status shared = share_out(shares); !shared) {
      if (!limits_.wait_for_connection || shared.error().code() != ErrorCode::kUnavailable) return shared;
      last_ = shared.error();
      pause_ = stale_ = true;
      return {};
    }
    todo_.clear();
    for (auto& share : shares) share->place.node->submit(share->call, share->pipeline, limits());
    for (auto& share : shares) collect(*share);
    std::sort(todo_.begin(), todo_.end());
    return {};
  }

  // Connecting is not waited for at the node: it may be the wrong one by now.
  CallLimits limits() const { return CallLimits{limits_.deadline, false}; }

  Status share_out(std::vector<std::unique_ptr<Share>>& shares) {
    for (const std::size_t i : todo_) {
      std::optional<std::uint16_t> slot;
      if (commands_[i].has_key) slot = key_slot(commands_.key_of(i));
      if (!slot && !shares.empty()) {
        add(*shares.front(), i);
        continue;
      }
      Result<Topography::Place> place = topography_.find(slot, limits_.deadline);
      if (!place) return place.error();
      auto at = std::find_if(shares.begin(), shares.end(), [&](const auto& s) { return s->place.node == place->node; });
      if (at == shares.end()) {
        at = shares.insert(at, std::make_unique<Share>());
        (*at)->place = *std::move(place);
      }
      add(**at, i);
    }
    return {};
  }

  void add(Share& share, std::size_t i) {
    share.commands.push_back(i);
    share.pipeline.append(commands_, i);
  }

  void collect(Share& share) {
    Result<Replies> replies = share.place.node->finish(share.call, share.pipeline, limits());
    if (!replies) return collect_failure(share, replies.error());
    if (share.commands.size() == commands_.size() && !any_redirected(*replies)) {
      replies_ = *std::move(replies);
      return;
    }
    for (std::size_t k = 0; k < share.commands.size(); ++k) take(share, k, (*replies)[k]);
  }

  void collect_failure(const Share& share, const Error& error) {
    stale_ = true;
    if (error.code() != ErrorCode::kUnavailable) {
      lost_ = error;
      return;
    }
    // Nothing of it was executed. The node may have been replaced: look again.
    last_ = error;
    ++failures_;
    pause_ = true;
    todo_.insert(todo_.end(), share.commands.begin(), share.commands.end());
    if (failures_ > 2 && !limits_.wait_for_connection) lost_ = error;
  }

  void take(const Share& share, std::size_t k, const Value& reply) {
    const std::size_t i = share.commands[k];
    if (const auto moved = parse_redirect(reply, "MOVED", share.place.endpoint)) {
      topography_.moved(*moved);
      return later(i, reply);
    }
    if (const auto ask = parse_redirect(reply, "ASK", share.place.endpoint)) return ask_there(i, *ask);
    if (is_error_with(reply, "TRYAGAIN") || is_error_with(reply, "CLUSTERDOWN")) {
      pause_ = true;
      stale_ = stale_ || is_error_with(reply, "CLUSTERDOWN");
      return later(i, reply);
    }
    keep(i, reply);
  }

  // The slot is on its way to another node, and this key has got there.
  void ask_there(std::size_t i, const Redirect& redirect) {
    Pipeline p;
    p.add("ASKING");
    // A script that is not known there could not be sent again without asking again.
    if (commands_[i].script) p.append_with_source(commands_, i);
    else p.append(commands_, i);
    if (commands_[i].idempotent) p.idempotent();
    Result<Replies> replies = topography_.at(redirect.to).node->call(p, limits());
    if (!replies) {
      if (replies.error().code() == ErrorCode::kUnavailable) {
        last_ = replies.error();
        pause_ = true;
        todo_.push_back(i);
      } else {
        lost_ = replies.error();
      }
      return;
    }
    const Value reply = (*replies)[1];
    if (is_error_with(reply, "TRYAGAIN") || is_error_with(reply, "MOVED") || is_error_with(reply, "ASK")) {
      pause_ = true;
      return later(i, reply);
    }
    keep(i, reply);
  }

  void later(std::size_t i, const Value& reply) {
    last_ = to_error(reply);
    todo_.push_back(i);
  }

  void keep(std::size_t i, const Value& reply) {
    if (replies_.empty()) {
      const ReplyNode null;  // stands where a reply has not come yet
      for (std::size_t n = 0; n < commands_.size(); ++n) replies_.append(Value(&null, ""));
    }
    replies_.replace(i, reply);
    if (!commands_[i].idempotent) ++kept_;
  }

  Error give_up() const { return last_ ? *last_ : Error(ErrorCode::kUnavailable, "redis cluster: no reply in time"); }

  // "Nothing happened" is true of the call only if none of its commands was executed, but for those that may be repeated.
  Error failed(const Error& error) const {
    if (kept_ == 0 || error.code() != ErrorCode::kUnavailable) return error;
    return Error(ErrorCode::kUnknownOutcome, "some commands were executed, others not: " + error.message());
  }

  Topography& topography_;
  const Pipeline& commands_;
  const CallLimits limits_;
  Replies replies_;
  std::size_t kept_ = 0;  // replies to commands that must not be repeated
  std::vector<std::size_t> todo_;
  bool pause_ = false;   // before the next round
  bool stale_ = false;   // the slot map
  int failures_ = 0;     // shares that found no connection
  std::optional<Error> last_;
  std::optional<Error> lost_;
};

class ClusterClient final : public Client {
 public:
  explicit ClusterClient(const std::shared_ptr<const Connector>& connector)
      : Client(connector), topography_(std::make_shared<Topography>(connector)) {}

  Dial dial_for(std::string_view key) override {
    std::optional<std::uint16_t> slot;
    if (!key.empty()) slot = key_slot(key);
    return [topography = topography_, slot](net::Deadline deadline) -> Result<ConnectionPtr> {
      // Dedicated connections are few and are opened when something broke: the map is asked for each time.
      if (Status refreshed = topography->refresh(deadline); !refreshed) return refreshed.error();
      Result<Topography::Place> place = topography->find(slot, deadline);
      if (!place) return place.error();
      return topography->connector()->to_node(place->endpoint, deadline);
    };
  }

 private:
  Result<Replies> run(const Pipeline& commands, const CallLimits& limits) override {
    return Journey(*topography_, commands, limits).run();
  }

  const std::shared_ptr<Topography> topography_;
};

}  // namespace

std::shared_ptr<Client> make_cluster_client(std::shared_ptr<const Connector> connector) {
  return std::make_shared<ClusterClient>(connector);
}

}  // namespace windlass::redis
