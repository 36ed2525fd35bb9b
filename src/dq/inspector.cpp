#include <algorithm>
#include <utility>

#include <windlass/dq.hpp>

#include "beanstalk/stats.hpp"
#include "core/md5.hpp"
#include "dq/body.hpp"
#include "dq/node_link.hpp"
#include "dq/nodes.hpp"

namespace windlass::dq {
namespace {

using beanstalk::Answer;
using beanstalk::Answers;
using beanstalk::Commands;
using beanstalk::ReplyKind;

// NOT_FOUND means a tube in which there is nothing, and beanstalkd forgets those.
Result<beanstalk::Stats> stats_of(const Answer& answer) {
  if (answer.reply.kind == ReplyKind::kOk) return beanstalk::Stats::parse(answer.reply.body);
  if (answer.reply.kind == ReplyKind::kNotFound) return beanstalk::Stats();
  return beanstalk::to_error(answer.verb, answer.reply.kind);
}

BuriedMessage describe(const Node& node, const beanstalk::Reply& job, std::uint64_t tube_buried) {
  BuriedMessage message;
  message.id = copy_id(node, job.number);
  message.key = core::md5_hex(job.body);
  message.tube_buried = tube_buried;
  const std::optional<Unwrapped> parts = unwrap_body(job.body);
  if (parts) message.at = parts->at;
  message.body = parts ? parts->payload : std::string_view(job.body);
  return message;
}

}  // namespace

struct Inspector::Impl {
  Result<Answers> call(NodeLink& link, const Commands& commands);
  Result<TubeStats> stats(NodeLink& link);
  Result<std::optional<BuriedMessage>> buried(NodeLink& link);
  Result<std::uint64_t> kick(NodeLink& link, std::uint32_t max);

  template <class T, class F>
  std::vector<Result<T>> each(F ask) {
    std::vector<Result<T>> results;
    for (NodeLink& link : links) results.push_back(ask(link));
    return results;
  }

  std::vector<NodeLink> links;
  Duration timeout;
};

Result<Answers> Inspector::Impl::call(NodeLink& link, const Commands& commands) {
  const net::Deadline deadline = net::after(timeout);
  const Result<beanstalk::Connection*> connection = link.open(deadline);
  if (!connection) return connection.error();
  Result<Answers> answers = (*connection)->call(commands, deadline);
  if (!answers) link.drop();
  return answers;
}

Result<TubeStats> Inspector::Impl::stats(NodeLink& link) {
  const Result<Answers> answers = call(link, Commands().stats_tube(link.node().tube).stats());
  if (!answers) return answers.error();
  const Result<beanstalk::Stats> tube = stats_of((*answers)[0]), server = stats_of((*answers)[1]);
  if (!tube) return tube.error().at(link.node().endpoint);
  if (!server) return server.error().at(link.node().endpoint);
  TubeStats stats;
  stats.node = link.node();
  stats.ready = tube->number("current-jobs-ready");
  stats.reserved = tube->number("current-jobs-reserved");
  stats.delayed = tube->number("current-jobs-delayed");
  stats.buried = tube->number("current-jobs-buried");
  stats.total = tube->number("total-jobs");
  stats.watching = tube->number("current-watching");
  stats.draining = server->text("draining") == "true";
  stats.binlog = server->number("binlog-current-index") > 0;
  return stats;
}

Result<std::optional<BuriedMessage>> Inspector::Impl::buried(NodeLink& link) {
  const Result<Answers> answers = call(link, Commands().stats_tube(link.node().tube).peek_buried());
  if (!answers) return answers.error();
  const Result<beanstalk::Stats> tube = stats_of((*answers)[0]);
  if (!tube) return tube.error().at(link.node().endpoint);
  const Answer& first = (*answers)[1];
  if (first.reply.kind == ReplyKind::kNotFound) return std::optional<BuriedMessage>();
  if (first.reply.kind != ReplyKind::kFound)
    return beanstalk::to_error(first.verb, first.reply.kind).at(link.node().endpoint);
  return std::optional(describe(link.node(), first.reply, tube->number("current-jobs-buried")));
}

// beanstalkd kicks delayed jobs where none is buried: so no more are asked for than are.
Result<std::uint64_t> Inspector::Impl::kick(NodeLink& link, std::uint32_t max) {
  const Result<TubeStats> now = stats(link);
  if (!now) return now.error();
  const auto bound = static_cast<std::uint32_t>(std::min<std::uint64_t>(max, now->buried));
  if (bound == 0) return std::uint64_t{0};
  const Result<Answers> answers = call(link, Commands().kick(bound));
  if (!answers) return answers.error();
  const Answer& kicked = answers->front();
  if (kicked.reply.kind != ReplyKind::kKicked)
    return beanstalk::to_error(kicked.verb, kicked.reply.kind).at(link.node().endpoint);
  return kicked.reply.number;
}

Inspector::Inspector(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Inspector::~Inspector() = default;
Inspector::Inspector(Inspector&&) noexcept = default;
Inspector& Inspector::operator=(Inspector&&) noexcept = default;

Result<Inspector> Inspector::open(Nodes nodes, Duration timeout) {
  if (Status good = check_nodes(nodes); !good) return good.error();
  auto impl = std::make_unique<Impl>();
  for (const Node& node : nodes) impl->links.emplace_back(node);
  impl->timeout = timeout;
  return Inspector(std::move(impl));
}

std::vector<Result<TubeStats>> Inspector::stats() {
  return impl_->each<TubeStats>([this](NodeLink& link) { return impl_->stats(link); });
}

std::vector<Result<std::optional<BuriedMessage>>> Inspector::buried() {
  return impl_->each<std::optional<BuriedMessage>>([this](NodeLink& link) { return impl_->buried(link); });
}

std::vector<Result<std::uint64_t>> Inspector::kick(std::uint32_t max) {
  return impl_->each<std::uint64_t>([this, max](NodeLink& link) { return impl_->kick(link, max); });
}

}  // namespace windlass::dq
