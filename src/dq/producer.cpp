#include <algorithm>
#include <chrono>
#include <set>
#include <utility>

#include <windlass/dq.hpp>

#include "base/clock.hpp"
#include "base/mutex.hpp"
#include "core/md5.hpp"
#include "core/text.hpp"
#include "core/time_math.hpp"
#include "dq/body.hpp"
#include "dq/message_span.hpp"
#include "dq/nodes.hpp"
#include "dq/put_round.hpp"

namespace windlass::dq {
namespace {

// One round: small enough that the answers of a node always find room while others are still being written to.
constexpr std::size_t kRoundMax = 1000;
constexpr std::size_t kRoundBytesMax = std::size_t{4} << 20;
constexpr Duration kTtrMin = std::chrono::seconds(2);

Error bad_config(const std::string& why) { return Error(ErrorCode::kInvalidArgument, "producer config: " + why); }

Status check(const Nodes& nodes, const ProducerConfig& config) {
  if (Status good = check_nodes(nodes); !good) return good;
  if (config.min_written < 1 || config.min_written > config.replicas) {
    return bad_config("min_written must be from 1 to replicas (" + std::to_string(config.replicas) + "), not " +
                      std::to_string(config.min_written));
  }
  if (config.timeout <= Duration::zero()) return bad_config("timeout must be above 0");
  if (nodes.size() < config.min_written) {
    return Error(ErrorCode::kInvalidArgument, "a producer needs at least " + std::to_string(config.min_written) +
                                                  " nodes, so that the loss of one loses nothing, not " +
                                                  std::to_string(nodes.size()));
  }
  std::set<std::string> endpoints;
  for (const Node& node : nodes) {
    if (!endpoints.insert(node.endpoint).second) {
      return Error(ErrorCode::kInvalidArgument,
                   "the endpoint " + node.endpoint + " is given twice: copies belong on different servers");
    }
  }
  return {};
}

Status check(const PutOptions& options) {
  if (options.ttr >= kTtrMin) return {};
  return Error(ErrorCode::kInvalidArgument,
               "ttr must be at least 2s, as a reader needs a moment to say that it is alive, not " +
                   core::format_duration(options.ttr));
}

Error past_time(TimePoint at) {
  return Error(ErrorCode::kInvalidArgument, "cannot schedule to a time in the past, " + core::format_time(at));
}

Error closed() { return Error(ErrorCode::kClosed, "the producer is closed"); }

// None unless spans are wanted.
std::vector<trace::OpenSpan> open_spans(const std::vector<Put>& puts, const std::string& tube) {
  std::vector<trace::OpenSpan> spans;
  if (!trace::tracing()) return spans;
  const TimePoint now = base::real_clock().now();
  for (const Put& put : puts) {
    spans.push_back(open_message_span("put", SpanKind::kProducer, tube, core::md5_hex(put.body), current_trace(), now));
  }
  return spans;
}

void end_spans(std::vector<trace::OpenSpan>& spans, const std::vector<Put>& puts) {
  const TimePoint now = base::real_clock().now();
  for (std::size_t i = 0; i < spans.size(); ++i) {
    if (!puts[i].result) spans[i].fail(puts[i].result.error().message());
    spans[i].end(now);
  }
}

}  // namespace

// One caller writes, for itself and for all who came while the last round was under way.
struct Producer::Impl {
  Impl(const Nodes& nodes, const ProducerConfig& c) : config(c), random(base::Random::seeded()) {
    for (const Node& node : nodes) links.emplace_back(node);
    counts.resize(links.size());
    published.resize(links.size());
  }

  std::vector<Result<std::string>> write(std::span<const Message> messages, TimePoint now);
  void write(std::span<Put> puts);
  Status revoke(std::string_view id);
  Status revoke_on(std::size_t node, const std::vector<CopyRef>& copies);

  void begin() WINDLASS_REQUIRES(mu);
  void end() WINDLASS_REQUIRES(mu);
  void run_rounds(const std::vector<Put*>& puts);

  const ProducerConfig config;
  // Of the caller whose turn it is.
  std::vector<NodeLink> links;
  std::vector<NodeCounts> counts;
  base::Random random;

  base::Mutex mu;
  base::CondVar turn_over;
  bool busy WINDLASS_GUARDED_BY(mu) = false;
  bool is_closed WINDLASS_GUARDED_BY(mu) = false;
  std::vector<Put*> waiting WINDLASS_GUARDED_BY(mu);
  std::set<const Put*> unfinished WINDLASS_GUARDED_BY(mu);  // the first one of each caller
  std::vector<NodeCounts> published WINDLASS_GUARDED_BY(mu);
};

void Producer::Impl::begin() {
  while (busy) turn_over.wait(mu);
  busy = true;
}

void Producer::Impl::end() {
  busy = false;
  published = counts;
  turn_over.notify_all();
}

std::vector<Result<std::string>> Producer::Impl::write(std::span<const Message> messages, TimePoint now) {
  std::vector<Result<std::string>> results;
  std::vector<Put> puts;
  std::vector<std::size_t> places;
  results.reserve(messages.size());
  puts.reserve(messages.size());
  for (const Message& message : messages) {
    const Status good = message.at < now ? Status(past_time(message.at)) : check(message.options);
    results.emplace_back(good ? Error(ErrorCode::kInternal, "not written") : good.error());
    if (!good) continue;
    places.push_back(results.size() - 1);
    puts.push_back({wrap_body(message.at, message.body), message.at, message.options, {}});
  }
  std::vector<trace::OpenSpan> spans = open_spans(puts, links.front().node().tube);
  write(puts);
  end_spans(spans, puts);
  for (std::size_t i = 0; i < puts.size(); ++i) results[places[i]] = std::move(puts[i].result);
  return results;
}

void Producer::Impl::write(std::span<Put> puts) {
  if (puts.empty()) return;
  base::Lock lock(mu);
  const Put* const first = &puts.front();
  for (Put& put : puts) waiting.push_back(&put);
  unfinished.insert(first);
  while (busy && unfinished.contains(first)) turn_over.wait(mu);
  if (!unfinished.contains(first)) return;
  begin();
  const std::vector<Put*> taken = std::exchange(waiting, {});
  const bool refuse = is_closed;
  lock.unlock();
  if (!refuse) run_rounds(taken);
  lock.lock();
  for (Put* put : taken) {
    if (refuse) put->result = closed();
    unfinished.erase(put);
  }
  end();
}

void Producer::Impl::run_rounds(const std::vector<Put*>& puts) {
  PutRound round(links, counts, config, random);
  for (std::size_t from = 0; from < puts.size();) {
    std::size_t to = from, bytes = 0;
    while (to < puts.size() && to - from < kRoundMax && bytes < kRoundBytesMax) bytes += puts[to++]->body.size();
    round.write(std::span(puts).subspan(from, to - from));
    from = to;
  }
}

Status Producer::Impl::revoke(std::string_view id) {
  const Result<std::vector<CopyRef>> copies = parse_id(id);
  if (!copies) return copies.error();
  base::Lock lock(mu);
  begin();
  const bool refuse = is_closed;
  lock.unlock();
  std::string messages;
  std::optional<ErrorCode> code;
  for (std::size_t node = 0; node < links.size() && !refuse; ++node) {
    const Status revoked = revoke_on(node, *copies);
    if (revoked) continue;
    messages += (messages.empty() ? "" : "; ") + revoked.error().message();
    // What may still be there weighs more than what surely is not.
    if (!code || *code == ErrorCode::kTaskNotFound) code = revoked.error().code();
  }
  lock.lock();
  end();
  if (refuse) return closed();
  if (code) return Error(*code, messages);
  return {};
}

Status Producer::Impl::revoke_on(std::size_t node, const std::vector<CopyRef>& copies) {
  beanstalk::Commands commands;
  std::vector<beanstalk::JobId> jobs;
  for (const CopyRef& copy : copies) {
    if (copy.node != links[node].node()) continue;
    commands.remove(copy.job);
    jobs.push_back(copy.job);
  }
  if (jobs.empty()) return {};
  const net::Deadline deadline = net::after(config.timeout);
  const Result<beanstalk::Connection*> connection = links[node].open(deadline);
  if (!connection) return connection.error();
  const Result<beanstalk::Answers> answers = (*connection)->call(commands, deadline);
  if (!answers) {
    links[node].drop();
    return Error(ErrorCode::kUnavailable, answers.error().message());
  }
  std::string missing;
  for (std::size_t i = 0; i < jobs.size(); ++i) {
    const beanstalk::Answer& answer = (*answers)[i];
    if (answer.reply.kind == beanstalk::ReplyKind::kDeleted)
      ++counts[node].revoked;
    else
      missing += (missing.empty() ? "" : "; ") + copy_id(links[node].node(), jobs[i]) +
                 ": it is done or revoked, or a consumer has it at the moment";
  }
  if (missing.empty()) return {};
  return Error(ErrorCode::kTaskNotFound, missing);
}

Producer::Producer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Producer::~Producer() { close(); }
Producer::Producer(Producer&&) noexcept = default;
Producer& Producer::operator=(Producer&& other) noexcept {
  if (this != &other) {
    close();
    impl_ = std::move(other.impl_);
  }
  return *this;
}

Result<Producer> Producer::open(Nodes nodes, ProducerConfig config) {
  if (Status good = check(nodes, config); !good) return good.error();
  return Producer(std::make_unique<Impl>(nodes, config));
}

Result<std::string> Producer::delay(std::string_view body, Duration delay, PutOptions options) {
  const TimePoint now = base::real_clock().now();
  const Message message(std::string(body), core::saturated_sum(now, delay), options);
  return std::move(impl_->write({&message, 1}, now).front());
}

Result<std::string> Producer::at(std::string_view body, TimePoint at, PutOptions options) {
  const Message message(std::string(body), at, options);
  return std::move(put_batch({&message, 1}).front());
}

std::vector<Result<std::string>> Producer::put_batch(std::span<const Message> messages) {
  return impl_->write(messages, base::real_clock().now());
}

Status Producer::revoke(std::string_view id) { return impl_->revoke(id); }

void Producer::close() {
  if (!impl_) return;
  base::Lock lock(impl_->mu);
  impl_->begin();
  impl_->is_closed = true;
  for (NodeLink& link : impl_->links) link.drop();
  impl_->end();
}

std::vector<ProducerStats> Producer::stats() const {
  base::Lock lock(impl_->mu);
  std::vector<ProducerStats> stats(impl_->links.size());
  for (std::size_t i = 0; i < stats.size(); ++i) {
    const NodeCounts& counts = impl_->published[i];
    stats[i] = {impl_->links[i].node(), counts.written, counts.failed, counts.rolled_back, counts.revoked};
  }
  return stats;
}

}  // namespace windlass::dq
