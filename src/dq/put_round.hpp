// PutRound: writes a number of messages to their nodes, all of them at once, and takes back what too few nodes took.
//
// All nodes are written to before any answer is awaited, so that they work at the same time; one connection's puts are
// one write.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <windlass/dq.hpp>

#include "base/random.hpp"
#include "dq/node_link.hpp"

namespace windlass::dq {

// One copy of a message.
struct CopyPut {
  std::size_t node = 0;        // index
  beanstalk::JobId job = 0;    // 0: the node did not take it
  bool unknown = false;        // whether it took it is not known
  std::optional<Error> error;  // why not
};

// One message on its way.
struct Put {
  std::string body;  // as it stands in the jobs
  TimePoint at;
  PutOptions options;
  std::vector<CopyPut> copies;
  Result<std::string> result = Error(ErrorCode::kInternal, "not written");

  std::size_t written() const;
};

// What producers count for each node.
struct NodeCounts {
  std::uint64_t written = 0, failed = 0, rolled_back = 0, revoked = 0;
};

// Confined to one thread at a time, as its links.
class PutRound {
 public:
  PutRound(std::vector<NodeLink>& links, std::vector<NodeCounts>& counts, const ProducerConfig& config,
           base::Random& random)
      : links_(links), counts_(counts), config_(config), random_(random) {}

  // Sets the result of each.
  void write(std::span<Put* const> puts);

 private:
  using NodePuts = std::vector<std::vector<CopyPut*>>;

  std::vector<std::size_t> choose_nodes();
  void open(std::span<Put* const> puts);
  void send(std::span<Put* const> puts);
  void receive();
  void take_back(std::span<Put* const> puts);
  void delete_copies(std::size_t node, const std::vector<CopyPut*>& copies);
  void conclude(Put& put) const;

  std::vector<NodeLink>& links_;
  std::vector<NodeCounts>& counts_;
  const ProducerConfig& config_;
  base::Random& random_;
  std::vector<beanstalk::Connection*> open_;  // by node; null: not reached
  std::vector<std::vector<CopyPut*>> sent_;   // by node, in the order of the answers
};

}  // namespace windlass::dq
