// Nodes as users name them, and the ids of copies: "endpoint/tube/job", joined with commas. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <windlass/dq.hpp>

#include "beanstalk/commands.hpp"
#include "beanstalk/names.hpp"

namespace windlass::dq {

// Errors: kInvalidArgument (none, a bad endpoint or tube name, the same endpoint and tube twice).
Status check_nodes(const Nodes& nodes);

std::string node_name(const Node& node);
std::string copy_id(const Node& node, beanstalk::JobId job);

struct CopyRef {
  Node node;
  beanstalk::JobId job = 0;
};
// The copies that an id names. As in the original, parts with fewer than three fields are passed over.
//
// Errors: kInvalidArgument (a job number that is none).
Result<std::vector<CopyRef>> parse_id(std::string_view id);

}  // namespace windlass::dq
