#include "redis/node.hpp"

#include <vector>

#include "redis/error_reply.hpp"

namespace windlass::redis {

Result<Replies> Node::call(const Pipeline& commands, const CallLimits& limits) {
  SharedConnection::Call call;
  submit(call, commands, limits);
  return finish(call, commands, limits);
}

Result<Replies> Node::finish(SharedConnection::Call& call, const Pipeline& commands, const CallLimits& limits) {
  Result<Replies> replies = connection_.await(call);
  if (!replies) replies = send_again(call, replies.error(), commands, limits);
  if (!replies) return replies;
  if (Status run = run_unknown_scripts(*replies, commands, limits); !run) return run.error();
  return replies;
}

Result<Replies> Node::send_again(const SharedConnection::Call& failed, const Error& error, const Pipeline& commands,
                                 const CallLimits& limits) {
  const bool harmless = error.code() == ErrorCode::kUnavailable || commands.all_idempotent();
  if (!failed.lost_connection() || !harmless || std::chrono::steady_clock::now() >= limits.deadline) return error;
  return connection_.call(commands, limits);
}

Status Node::run_unknown_scripts(Replies& replies, const Pipeline& commands, const CallLimits& limits) {
  std::vector<std::size_t> unknown;
  Pipeline with_source;
  for (std::size_t i = 0; i < commands.size(); ++i) {
    if (!commands[i].script || !is_error_with(replies[i], "NOSCRIPT")) continue;
    unknown.push_back(i);
    with_source.append_with_source(commands, i);
  }
  if (unknown.empty()) return {};
  Result<Replies> run = connection_.call(with_source, limits);
  if (!run) {
    // The other commands of the call were executed, so "nothing happened" would not be true of it.
    const bool all = unknown.size() == commands.size();
    return all ? run.error() : Error(ErrorCode::kUnknownOutcome, run.error().message());
  }
  for (std::size_t k = 0; k < unknown.size(); ++k) replies.replace(unknown[k], (*run)[k]);
  return {};
}

}  // namespace windlass::redis
