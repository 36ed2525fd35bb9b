// Copy: one reserved job, from its reservation until it is deleted, released or buried, or the node takes it back.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include <windlass/time.hpp>

#include "beanstalk/commands.hpp"
#include "dq/claim.hpp"

namespace windlass::dq {

class NodeReader;

struct Copy {
  // Constant once the copy has left its reader for the due queue.
  NodeReader* reader = nullptr;
  beanstalk::JobId job = 0;
  std::string body;
  std::string key;  // of the lock: MD5 of the body
  TimePoint due;
  std::size_t payload_begin = 0;
  bool malformed = false;  // no message of dq
  std::uint32_t priority = 0;
  Duration ttr{};
  std::uint64_t buries = 0;  // how often it was buried before
  TimePoint put_at;          // to the second

  // The node has it again, or it is gone: whatever is done with it here has no effect there.
  std::atomic<bool> lost{false};

  // Of whoever took it from the due queue.
  Suspicion suspicion;

  // Confined to the reader's thread.
  Duration touched_at{};  // steady; reserving counts

  std::string_view payload() const { return std::string_view(body).substr(payload_begin); }
};
using CopyPtr = std::shared_ptr<Copy>;

}  // namespace windlass::dq
