#include "dq/node_reader.hpp"

#include <poll.h>

#include <algorithm>
#include <utility>

#include <windlass/log.hpp>

#include "beanstalk/stats.hpp"
#include "core/md5.hpp"
#include "dq/body.hpp"
#include "dq/nodes.hpp"

namespace windlass::dq {
namespace {

using beanstalk::Commands;
using beanstalk::Reply;
using beanstalk::ReplyKind;

constexpr std::uint32_t kReservesMax = 64;         // in one write
constexpr std::uint32_t kPatienceEmptyHanded = 5;  // seconds that a reserve waits
constexpr std::uint32_t kPatience = 1;
constexpr auto kAnswerTimeout = std::chrono::seconds(5);
constexpr auto kStopTimeout = std::chrono::seconds(2);
constexpr Duration kLookAtHands = std::chrono::milliseconds(200);
// A copy that comes so much too early (somebody has kicked delayed jobs) goes back with the delay it should have.
constexpr Duration kTooEarly = std::chrono::seconds(2);
// Until a copy is described.
constexpr Duration kShortestTtr = std::chrono::seconds(1);

}  // namespace

NodeReader::NodeReader(Node node, const ReaderRules& rules, DueQueue& queue, base::Clock& clock)
    : node_(std::move(node)),
      rules_(rules),
      queue_(queue),
      clock_(clock),
      trouble_name_("node " + node_name(node_)),
      trouble_(trouble_name_, clock, base::Random::seeded()) {}

NodeReader::~NodeReader() { stop(); }

void NodeReader::start() {
  thread_ = std::thread([this] { loop(); });
}

void NodeReader::quiet() {
  quiet_ = true;
  wake_.wake();
}

void NodeReader::stop() {
  quiet();
  stopping_ = true;
  wake_.wake();
  if (thread_.joinable()) thread_.join();
}

void NodeReader::settle(CopyPtr copy, Settlement settlement) {
  {
    base::Lock lock(mu_);
    wishes_.push_back({std::move(copy), settlement});
  }
  wake_.wake();
}

void NodeReader::wake_if_starved() {
  if (starved_.exchange(false)) wake_.wake();
}

void NodeReader::loop() {
  std::optional<Duration> stop_by;
  while (!over()) {
    // What cannot be said to the node any more it finds out by itself: the connection ends.
    if (stopping_ && !stop_by) stop_by = clock_.steady() + kStopTimeout;
    if (stop_by && (clock_.steady() > *stop_by || !connection_)) break;
    if (!connection_ && quiet_) {
      sleep(kLookAtHands);
      continue;
    }
    if (!connection_) {
      if (Status connected = connect(); !connected) {
        sleep(trouble_.failed(connected.error()));
        continue;
      }
    }
    if (Status passed = pass(); !passed) disconnect(passed.error());
  }
  connection_.reset();
  counts_.connected = false;
  for (const auto& [job, copy] : in_hand_) copy->lost = true;
}

bool NodeReader::over() {
  if (!stopping_) return false;
  base::Lock lock(mu_);
  return wishes_.empty();
}

void NodeReader::sleep(Duration length) {
  pollfd ready{wake_.get(), POLLIN, 0};
  ::poll(&ready, 1, static_cast<int>(length / std::chrono::milliseconds(1)));
  wake_.drain();
}

Status NodeReader::connect() {
  const net::Deadline deadline = net::after(kAnswerTimeout);
  auto connection = beanstalk::Connection::open(*beanstalk::parse_address(node_.endpoint), node_.endpoint, deadline);
  if (!connection) return connection.error();
  Commands commands;
  commands.watch(node_.tube);
  if (node_.tube != "default") commands.ignore("default");
  const Result<beanstalk::Answers> answers = (*connection)->call(commands, deadline);
  if (!answers) return answers.error();
  for (const beanstalk::Answer& answer : *answers) {
    if (answer.reply.kind != ReplyKind::kWatching)
      return beanstalk::to_error(answer.verb, answer.reply.kind).at(node_.endpoint);
  }
  connection_ = *std::move(connection);
  counts_.connected = true;
  trouble_.ended();
  return {};
}

void NodeReader::disconnect(const Error& cause) {
  connection_.reset();
  counts_.connected = false;
  new_.clear();
  dry_ = deadline_soon_ = false;
  for (const auto& [job, copy] : std::exchange(in_hand_, {})) {
    copy->lost = true;
    ++counts_.reservations_lost;
  }
  counts_.in_hand = 0;
  if (cause.code() != ErrorCode::kClosed) sleep(trouble_.failed(cause));
}

// One write, and the answers to it.
Status NodeReader::pass() {
  wake_.drain();
  give_back_stalled();
  Commands commands;
  std::vector<Step> steps;
  add_wishes(commands, steps);
  add_descriptions(commands, steps);
  const bool deadline_soon = std::exchange(deadline_soon_, false);
  add_touches(commands, steps, deadline_soon);
  // With a time to run that is all safety margin, no touch makes a reserve wait: so we do.
  const std::uint32_t patience = deadline_soon ? 0 : add_reserves(commands, steps);
  if (!commands.empty()) {
    if (Status exchanged = exchange(commands, steps, patience); !exchanged || !deadline_soon) return exchanged;
  }
  if (over()) return {};
  // Nothing to say: until there is room, something to touch, or a worker's wish. A node that goes away is noticed.
  const Result<std::optional<beanstalk::Answer>> nothing = connection_->receive(wake_.get(), net::after(kLookAtHands));
  if (!nothing) return nothing.error();
  return {};
}

void NodeReader::add_wishes(Commands& commands, std::vector<Step>& steps) {
  std::vector<Wish> wishes;
  {
    base::Lock lock(mu_);
    wishes.swap(wishes_);
  }
  for (Wish& wish : wishes) {
    const auto held = in_hand_.find(wish.copy->job);
    // Lost meanwhile: the node has given the job to somebody else, and it would refuse.
    if (held == in_hand_.end() || held->second != wish.copy) continue;
    add_settlement(*wish.copy, wish.settlement, commands);
    forget(*wish.copy);
    steps.push_back({Step::Kind::kSettle, std::move(wish.copy)});
  }
}

void NodeReader::add_settlement(const Copy& copy, const Settlement& settlement, Commands& commands) const {
  switch (settlement.kind) {
    case Settlement::Kind::kDelete: commands.remove(copy.job); break;
    case Settlement::Kind::kRelease:
      commands.release(copy.job, copy.priority, beanstalk::whole_seconds(settlement.delay));
      break;
    case Settlement::Kind::kBury: commands.bury(copy.job, copy.priority); break;
  }
}

void NodeReader::add_descriptions(Commands& commands, std::vector<Step>& steps) {
  for (CopyPtr& copy : std::exchange(new_, {})) {
    commands.stats_job(copy->job);
    steps.push_back({Step::Kind::kDescribe, std::move(copy)});
  }
}

void NodeReader::add_touches(Commands& commands, std::vector<Step>& steps, bool all) {
  const Duration now = clock_.steady();
  for (const auto& [job, copy] : in_hand_) {
    if (!all && now - copy->touched_at < copy->ttr / 3) continue;
    commands.touch(job);
    copy->touched_at = now;
    steps.push_back({Step::Kind::kTouch, copy});
  }
}

// Returns for how many seconds the node may keep us waiting.
std::uint32_t NodeReader::add_reserves(Commands& commands, std::vector<Step>& steps) {
  if (quiet_) return 0;
  starved_ = true;
  const std::size_t hand = rules_.in_hand_max - std::min(rules_.in_hand_max, in_hand_.size());
  const auto room = static_cast<std::uint32_t>(std::min<std::size_t>({queue_.room(), hand, reserve_next_}));
  if (room == 0) return 0;
  starved_ = false;
  // Only when nothing else is to be said: the answers to that would have to wait, too.
  const bool wait = dry_ && commands.empty();
  const std::uint32_t patience = !wait ? 0 : in_hand_.empty() ? kPatienceEmptyHanded : kPatience;
  for (std::uint32_t i = 0; i < (wait ? 1 : room); ++i) {
    commands.reserve_with_timeout(patience);
    steps.push_back({Step::Kind::kReserve, nullptr});
  }
  return patience;
}

void NodeReader::give_back_stalled() {
  for (CopyPtr& copy : queue_.take_stalled(*this)) settle(std::move(copy), {Settlement::Kind::kRelease, {}});
}

Status NodeReader::exchange(const Commands& commands, const std::vector<Step>& steps, std::uint32_t patience) {
  const net::Deadline deadline = net::after(kAnswerTimeout + std::chrono::seconds(patience));
  if (Status started = connection_->start(commands); !started) return started;
  if (Status sent = connection_->flush(deadline); !sent) return sent;
  const std::uint64_t reserved_before = counts_.reserved;
  std::uint32_t asked = 0;
  for (const Step& step : steps) {
    asked += step.kind == Step::Kind::kReserve ? 1 : 0;
    for (;;) {
      // Who waits with empty hands for a message may just go.
      const bool may_leave = patience > 0 && in_hand_.empty();
      Result<std::optional<beanstalk::Answer>> answer = connection_->receive(may_leave ? wake_.get() : -1, deadline);
      if (!answer) return answer.error();
      if (*answer) {
        handle(step, (*answer)->reply);
        break;
      }
      wake_.drain();
      if (quiet_) return Error(ErrorCode::kClosed, "the consumer stops");
      if (std::chrono::steady_clock::now() >= deadline)
        return Error(ErrorCode::kUnavailable, connection_->name() + ": no answer in time");
    }
  }
  const std::uint64_t reserved = counts_.reserved - reserved_before;
  dry_ = reserved == 0;
  // As many as there were, and then some: an idle consumer asks for one, a busy one for many.
  if (asked > 0)
    reserve_next_ = reserved == 0       ? 1
                    : reserved == asked ? std::min(kReservesMax, 2 * asked)
                                        : static_cast<std::uint32_t>(reserved);
  return {};
}

void NodeReader::handle(const Step& step, Reply& reply) {
  switch (step.kind) {
    case Step::Kind::kReserve:
      if (reply.kind == ReplyKind::kReserved) take(reply);
      deadline_soon_ = deadline_soon_ || reply.kind == ReplyKind::kDeadlineSoon;
      break;
    case Step::Kind::kDescribe: describe(step.copy, reply); break;
    case Step::Kind::kTouch:
      if (reply.kind == ReplyKind::kNotFound) lose(step.copy);
      break;
    case Step::Kind::kSettle:
      if (reply.kind == ReplyKind::kNotFound) ++counts_.reservations_lost;
      break;
  }
}

void NodeReader::take(Reply& job) {
  auto copy = std::make_shared<Copy>();
  copy->reader = this;
  copy->job = job.number;
  copy->body = std::move(job.body);
  copy->key = core::md5_hex(copy->body);
  copy->ttr = kShortestTtr;
  copy->touched_at = clock_.steady();
  const std::optional<Unwrapped> parts = unwrap_body(copy->body);
  copy->malformed = !parts;
  if (parts) {
    copy->due = parts->at;
    copy->payload_begin = copy->body.size() - parts->payload.size();
  }
  ++counts_.reserved;
  in_hand_[copy->job] = copy;
  counts_.in_hand = in_hand_.size();
  new_.push_back(std::move(copy));
}

// Without a description nobody knows its priority: so a copy whose statistics cannot be read is left to its time to
// run.
void NodeReader::describe(const CopyPtr& copy, const Reply& reply) {
  const Result<beanstalk::Stats> stats = reply.kind == ReplyKind::kOk
                                             ? beanstalk::Stats::parse(reply.body)
                                             : beanstalk::to_error(beanstalk::Verb::kStatsJob, reply.kind);
  if (!stats) return lose(copy);
  copy->priority = static_cast<std::uint32_t>(stats->number("pri"));
  copy->ttr = std::chrono::seconds(std::max<std::uint64_t>(1, stats->number("ttr")));
  copy->buries = stats->number("buries");
  copy->put_at = std::chrono::floor<std::chrono::seconds>(clock_.now()) - std::chrono::seconds(stats->number("age"));
  hand_on(copy);
}

void NodeReader::hand_on(const CopyPtr& copy) {
  if (copy->malformed) {
    log_error("not a message of dq, buried",
              {{"job", copy_id(node_, copy->job)}, {"bytes", std::to_string(copy->body.size())}});
    ++counts_.malformed;
    ++counts_.buried;
    return settle(copy, {Settlement::Kind::kBury, {}});
  }
  const TimePoint now = clock_.now();
  if (!rules_.hold_until_due) return queue_.push(copy, now);
  if (copy->due - now > kTooEarly) return settle(copy, {Settlement::Kind::kRelease, copy->due - now});
  queue_.push(copy, copy->due);
}

void NodeReader::lose(const CopyPtr& copy) {
  const auto held = in_hand_.find(copy->job);
  if (held == in_hand_.end() || held->second != copy) return;
  ++counts_.reservations_lost;
  copy->lost = true;
  forget(*copy);
}

void NodeReader::forget(const Copy& copy) {
  in_hand_.erase(copy.job);
  counts_.in_hand = in_hand_.size();
}

}  // namespace windlass::dq
