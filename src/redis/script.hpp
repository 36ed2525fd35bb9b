// Script: a Lua script with its SHA-1, by which it is run (EVALSHA). Where a node does not know it (NOSCRIPT: after a restart,
// a failover, a SCRIPT FLUSH), the client sends just that command again with the source (EVAL), which also teaches the node.
// That is safe, because a command refused with NOSCRIPT did nothing; and it needs no SCRIPT LOAD before, which another flush
// could undo in between.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace windlass::redis {

// Immutable; thread-safe. Usually a constant that lives as long as the program.
class Script {
 public:
  static constexpr std::size_t kSha1Size = 40;

  explicit Script(std::string source);

  const std::string& source() const { return source_; }
  // Lower-case hex.
  const std::string& sha1() const { return sha1_; }

 private:
  std::string source_;
  std::string sha1_;
};

}  // namespace windlass::redis
