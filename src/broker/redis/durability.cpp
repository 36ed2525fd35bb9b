#include "broker/redis/durability.hpp"

#include <charconv>

#include "broker/redis/server_facts.hpp"
#include "redis/error_reply.hpp"

namespace windlass::broker {
namespace {

constexpr const char* kNothingStored = "; nothing was stored";

// Whether the version is at least 7.2.
bool has_waitaof(std::string_view version) {
  int major = 0, minor = 0;
  const char* const end = version.data() + version.size();
  const auto first = std::from_chars(version.data(), end, major);
  if (first.ec != std::errc() || first.ptr == end) return false;
  std::from_chars(first.ptr + 1, end, minor);
  return major > 7 || (major == 7 && minor >= 2);
}

// Whether WAITAOF is needed for what is written to be on disk; it is not where every write is.
Result<bool> look_at_disk(redis::Client& client) {
  redis::Pipeline pipeline;
  pipeline.add("INFO", "server").idempotent();
  pipeline.add("INFO", "persistence").idempotent();
  pipeline.add("CONFIG", "GET", "appendfsync").idempotent();
  const Result<redis::Replies> replies = client.call(pipeline);
  if (!replies) return replies.error();
  for (std::size_t i = 0; i < replies->size(); ++i) {
    if ((*replies)[i].is_error()) {
      return Error(ErrorCode::kUnsupported, "whether Redis writes to disk at once is not known, because it refuses to tell: " +
                                                redis::to_error((*replies)[i]).message() + kNothingStored);
    }
  }
  if (info_field((*replies)[1].text(), "aof_enabled") != "1") {
    return Error(ErrorCode::kUnsupported,
                 std::string("Redis keeps no append-only file; set appendonly yes there, or ask for less durability") + kNothingStored);
  }
  const auto fsync = (*replies)[2].find("appendfsync");
  if (fsync && fsync->text() == "always") return false;
  if (has_waitaof(info_field((*replies)[0].text(), "redis_version"))) return true;
  return Error(ErrorCode::kUnsupported, "this Redis writes to disk now and then (appendfsync " +
                                            std::string(fsync ? fsync->text() : "?") +
                                            "), and before version 7.2 it cannot be asked to: set appendfsync always there" + kNothingStored);
}

}  // namespace

Result<DurabilityWait> DurabilityWait::make(redis::Client& client, EnqueueDurability wish) {
  if (client.config().topology == redis::Topology::kCluster) {
    return Error(ErrorCode::kUnsupported, std::string("in a cluster the durability of one call cannot be chosen") + kNothingStored);
  }
  DurabilityWait wait;
  wait.replicas_ = wish.replicas;
  if (wish.fsynced) {
    const Result<bool> needs_wait = look_at_disk(client);
    if (!needs_wait) return needs_wait.error();
    wait.wait_aof_ = *needs_wait;
  }
  // The answer must come before the client gives the connection up, also when one wait follows the other.
  wait.timeout_ = client.config().read_timeout / (wait.wait_aof_ && wait.replicas_ > 0 ? 4 : 2);
  return wait;
}

void DurabilityWait::add_to(redis::Pipeline& pipeline) const {
  if (wait_aof_) pipeline.add("WAITAOF", 1, 0, timeout_.count());
  if (replicas_ > 0) pipeline.add("WAIT", replicas_, timeout_.count());
}

std::optional<std::string> DurabilityWait::unmet(const redis::Replies& replies, std::size_t first) const {
  if (wait_aof_) {
    const redis::Value answer = replies[first++];
    if (answer.size() < 1 || answer[0].integer() != 1) return "not yet on the disk of Redis";
  }
  if (replicas_ == 0) return std::nullopt;
  const std::int64_t have = replies[first].integer().value_or(0);
  if (have >= replicas_) return std::nullopt;
  return "only " + std::to_string(have) + " of " + std::to_string(replicas_) + " replicas have taken it over yet";
}

}  // namespace windlass::broker
