// Node: one Redis node as callers want it: a SharedConnection that knows scripts (NOSCRIPT) and sends idempotent commands a
// second time when the connection broke under them.
#pragma once

#include <string>

#include "redis/shared_connection.hpp"

namespace windlass::redis {

// Thread-safe.
class Node {
 public:
  Node(std::string name, Dial dial) : connection_(std::move(name), std::move(dial)) {}

  // As many replies as commands.
  //
  // A script the node does not know runs when its source has been sent, so after those commands of the same call that follow
  // it; all other commands run in their order. If the connection breaks, a call that surely was not executed, or all of whose
  // commands are idempotent, is sent once more.
  //
  // Errors: as SharedConnection::call().
  Result<Replies> call(const Pipeline& commands, const CallLimits& limits);

  // The same in two halves; see SharedConnection.
  void submit(SharedConnection::Call& call, const Pipeline& commands, const CallLimits& limits) {
    connection_.submit(call, commands, limits);
  }
  Result<Replies> finish(SharedConnection::Call& call, const Pipeline& commands, const CallLimits& limits);

  void disconnect(const Error& cause) { connection_.disconnect(cause); }

 private:
  Result<Replies> send_again(const SharedConnection::Call& failed, const Error& error, const Pipeline& commands,
                             const CallLimits& limits);
  Status run_unknown_scripts(Replies& replies, const Pipeline& commands, const CallLimits& limits);

  SharedConnection connection_;
};

}  // namespace windlass::redis
