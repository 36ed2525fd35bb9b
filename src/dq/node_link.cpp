#include "dq/node_link.hpp"

#include <utility>

namespace windlass::dq {

NodeLink::NodeLink(Node node)
    : node_(std::move(node)), address_(*beanstalk::parse_address(node_.endpoint)), backoff_(base::Random::seeded()) {}

Result<beanstalk::Connection*> NodeLink::open(net::Deadline deadline) {
  // A server that has ended the connection is noticed before anything is sent whose outcome would be unknown.
  if (connection_ && !connection_->receive(-1, net::Deadline{})) drop();
  if (connection_) return connection_.get();
  const net::Deadline now = std::chrono::steady_clock::now();
  if (last_cause_ && now < retry_at_) return *last_cause_;
  if (Status connected = connect(deadline); !connected) {
    retry_at_ = std::chrono::steady_clock::now() + backoff_.next();
    last_cause_ = connected.error();
    return connected.error();
  }
  backoff_.reset();
  last_cause_.reset();
  return connection_.get();
}

Status NodeLink::connect(net::Deadline deadline) {
  auto connection = beanstalk::Connection::open(address_, node_.endpoint, deadline);
  if (!connection) return connection.error();
  const Result<beanstalk::Answers> answers = (*connection)->call(beanstalk::Commands().use(node_.tube), deadline);
  if (!answers) return answers.error();
  const beanstalk::Answer& used = answers->front();
  if (used.reply.kind != beanstalk::ReplyKind::kUsing)
    return beanstalk::to_error(used.verb, used.reply.kind).at((*connection)->name());
  connection_ = *std::move(connection);
  return {};
}

}  // namespace windlass::dq
