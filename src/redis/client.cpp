#include "redis/client.hpp"

#include "redis/cluster.hpp"
#include "redis/error_reply.hpp"
#include "redis/node.hpp"
#include "redis/sentinel.hpp"

namespace windlass::redis {
namespace {

// One server at one address.
class StandaloneClient final : public Client {
 public:
  explicit StandaloneClient(std::shared_ptr<const Connector> connector)
      : Client(connector), node_("redis " + endpoint().address(), dial_for({})) {}

  Dial dial_for(std::string_view) override {
    return [connector = connector_](net::Deadline deadline) {
      return connector->to_node(connector->config().endpoints.front(), deadline);
    };
  }

 private:
  const Endpoint& endpoint() const { return connector_->config().endpoints.front(); }
  Result<Replies> run(const Pipeline& commands, const CallLimits& limits) override { return node_.call(commands, limits); }

  Node node_;
};

}  // namespace

Result<Replies> Client::call(const Pipeline& commands, const CallOptions& options) {
  const net::Deadline deadline = options.deadline ? *options.deadline : net::after(config().read_timeout);
  return run(commands, CallLimits{deadline, options.wait_for_connection});
}

Status Client::ping(const CallOptions& options) {
  Pipeline p;
  p.add("PING").idempotent();
  Result<Replies> replies = call(p, options);
  if (!replies) return replies.error();
  return (*replies)[0].is_error() ? Status(to_error((*replies)[0])) : Status();
}

Result<std::shared_ptr<Client>> open_client(const Config& config) {
  Result<std::shared_ptr<const Connector>> connector = Connector::open(config);
  if (!connector) return connector.error();
  switch (config.topology) {
    case Topology::kStandalone: return std::shared_ptr<Client>(std::make_shared<StandaloneClient>(*connector));
    case Topology::kSentinel: return make_sentinel_client(*connector);
    case Topology::kCluster: return make_cluster_client(*connector);
  }
  return Error(ErrorCode::kInternal, "redis: no such topology");
}

}  // namespace windlass::redis
