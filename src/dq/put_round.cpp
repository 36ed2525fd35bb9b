#include "dq/put_round.hpp"

#include <algorithm>
#include <numeric>
#include <utility>

#include "base/clock.hpp"
#include "core/time_math.hpp"
#include "dq/nodes.hpp"

namespace windlass::dq {
namespace {

using beanstalk::Answer;
using beanstalk::Commands;
using beanstalk::ReplyKind;

void fail(CopyPut& copy, Error error, bool unknown) {
  copy.error = std::move(error);
  copy.unknown = unknown;
}

// The node's word for one put. A job that was buried for lack of memory is there, and to be deleted.
void settle(CopyPut& copy, const Answer& answer, const std::string& node) {
  const ReplyKind kind = answer.reply.kind;
  if (kind == ReplyKind::kInserted || kind == ReplyKind::kBuried) copy.job = answer.reply.number;
  if (kind != ReplyKind::kInserted) fail(copy, beanstalk::to_error(answer.verb, kind).at(node), false);
}

ErrorCode code_of(const Put& put) {
  const auto any = [&](auto has) { return std::any_of(put.copies.begin(), put.copies.end(), has); };
  if (any([](const CopyPut& copy) { return copy.unknown; })) return ErrorCode::kUnknownOutcome;
  const bool too_large =
      any([](const CopyPut& copy) { return copy.error && copy.error->code() == ErrorCode::kResourceExhausted; });
  return too_large ? ErrorCode::kResourceExhausted : ErrorCode::kUnavailable;
}

}  // namespace

std::size_t Put::written() const {
  return static_cast<std::size_t>(
      std::count_if(copies.begin(), copies.end(), [](const CopyPut& c) { return c.job != 0 && !c.error; }));
}

void PutRound::write(std::span<Put* const> puts) {
  open(puts);
  send(puts);
  receive();
  take_back(puts);
  for (Put* put : puts) conclude(*put);
}

// So many as there shall be replicas, each set as likely as any other.
std::vector<std::size_t> PutRound::choose_nodes() {
  std::vector<std::size_t> nodes(links_.size());
  std::iota(nodes.begin(), nodes.end(), std::size_t{0});
  if (nodes.size() <= config_.replicas) return nodes;
  for (std::size_t i = 0; i < config_.replicas; ++i) std::swap(nodes[i], nodes[i + random_.below(nodes.size() - i)]);
  nodes.resize(config_.replicas);
  return nodes;
}

// Each node has its own time: one that does not answer takes none from the others. That is so for all that follows.
void PutRound::open(std::span<Put* const> puts) {
  open_.assign(links_.size(), nullptr);
  sent_.assign(links_.size(), {});
  for (Put* put : puts) {
    for (const std::size_t node : choose_nodes()) put->copies.push_back({node});
    for (CopyPut& copy : put->copies) sent_[copy.node].push_back(&copy);
  }
  for (std::size_t node = 0; node < links_.size(); ++node) {
    if (sent_[node].empty()) continue;
    const Result<beanstalk::Connection*> connection = links_[node].open(net::after(config_.timeout));
    if (connection) {
      open_[node] = *connection;
      continue;
    }
    for (CopyPut* copy : sent_[node]) fail(*copy, connection.error(), false);
    counts_[node].failed += sent_[node].size();
  }
}

void PutRound::send(std::span<Put* const> puts) {
  std::vector<Commands> commands(links_.size());
  const TimePoint now = base::real_clock().now();
  for (Put* put : puts) {
    // Rounded down: a node that is early is waited for, one that is late cannot be helped.
    const beanstalk::PutArgs args{put->options.priority,
                                  beanstalk::whole_seconds(core::saturated_difference(put->at, now)),
                                  beanstalk::whole_seconds(put->options.ttr)};
    for (const CopyPut& copy : put->copies) {
      if (open_[copy.node] != nullptr) commands[copy.node].put(args, put->body);
    }
  }
  for (std::size_t node = 0; node < links_.size(); ++node) {
    // What goes wrong here shows when the answers are awaited.
    if (open_[node] != nullptr) (void)open_[node]->start(commands[node]);
  }
}

void PutRound::receive() {
  for (std::size_t node = 0; node < links_.size(); ++node) {
    if (open_[node] == nullptr) continue;
    beanstalk::Connection& connection = *open_[node];
    const net::Deadline deadline = net::after(config_.timeout);
    std::optional<Error> broken;
    if (Status sent = connection.flush(deadline); !sent) broken = sent.error();
    for (CopyPut* copy : sent_[node]) {
      if (!broken) {
        const Result<std::optional<Answer>> answer = connection.receive(-1, deadline);
        if (answer && *answer)
          settle(*copy, **answer, connection.name());
        else
          broken = answer ? Error(ErrorCode::kUnavailable, connection.name() + ": no answer in time") : answer.error();
      }
      if (broken) fail(*copy, *broken, true);
      ++(copy->error ? counts_[node].failed : counts_[node].written);
    }
    if (broken) links_[node].drop();
  }
}

void PutRound::take_back(std::span<Put* const> puts) {
  std::vector<std::vector<CopyPut*>> to_delete(links_.size());
  for (Put* put : puts) {
    const bool enough = put->written() >= config_.min_written;
    for (CopyPut& copy : put->copies) {
      // With an error: buried for lack of memory.
      if (copy.job != 0 && (!enough || copy.error)) to_delete[copy.node].push_back(&copy);
    }
  }
  for (std::size_t node = 0; node < links_.size(); ++node) {
    if (!to_delete[node].empty()) delete_copies(node, to_delete[node]);
  }
}

void PutRound::delete_copies(std::size_t node, const std::vector<CopyPut*>& copies) {
  const net::Deadline deadline = net::after(config_.timeout);
  Commands commands;
  for (const CopyPut* copy : copies) commands.remove(copy->job);
  const Result<beanstalk::Connection*> connection = links_[node].open(deadline);
  const Result<beanstalk::Answers> answers = connection ? (*connection)->call(commands, deadline) : connection.error();
  if (!answers) links_[node].drop();
  for (std::size_t i = 0; i < copies.size(); ++i) {
    if (answers && (*answers)[i].reply.kind == ReplyKind::kDeleted) {
      ++counts_[node].rolled_back;
    } else {
      const Error why = answers ? beanstalk::to_error((*answers)[i].verb, (*answers)[i].reply.kind) : answers.error();
      fail(*copies[i],
           why.at("the copy " + copy_id(links_[node].node(), copies[i]->job) + " could not be deleted again"), true);
    }
  }
}

void PutRound::conclude(Put& put) const {
  const std::size_t written = put.written();
  std::string ids, errors;
  for (const CopyPut& copy : put.copies) {
    if (copy.error)
      errors += (errors.empty() ? "" : "; ") + copy.error->message();
    else
      ids += (ids.empty() ? "" : ",") + copy_id(links_[copy.node].node(), copy.job);
  }
  if (written >= config_.min_written) {
    put.result = std::move(ids);
    return;
  }
  const ErrorCode code = code_of(put);
  const char* rest =
      code == ErrorCode::kUnknownOutcome ? ", and a copy may be left that will run" : ", nothing is left behind";
  put.result = Error(code, "written to " + std::to_string(written) + " of " + std::to_string(put.copies.size()) +
                               " nodes, " + std::to_string(config_.min_written) + " are needed" + rest + ": " + errors);
}

}  // namespace windlass::dq
