#include "dq/nodes.hpp"

#include <algorithm>
#include <charconv>

namespace windlass::dq {
namespace {

Status check_tube(const std::string& tube) {
  if (Status named = beanstalk::check_tube_name(tube); !named) return named;
  if (tube.find('/') == tube.npos) return {};
  return Error(ErrorCode::kInvalidArgument,
               "tube name '" + tube + "': a slash separates the parts of an id, so it may not stand in a tube of dq");
}

Error bad_job(std::string_view part) {
  return Error(ErrorCode::kInvalidArgument,
               "id '" + std::string(part) + "': what follows the tube must be a job number");
}

Result<std::optional<CopyRef>> parse_part(std::string_view part) {
  const std::size_t first = part.find('/');
  const std::size_t second = first == part.npos ? part.npos : part.find('/', first + 1);
  if (second == part.npos) return std::optional<CopyRef>();
  CopyRef copy;
  copy.node = Node(std::string(part.substr(0, first)), std::string(part.substr(first + 1, second - first - 1)));
  std::string_view number = part.substr(second + 1);
  number = number.substr(0, number.find('/'));
  const auto [end, failed] = std::from_chars(number.data(), number.data() + number.size(), copy.job);
  if (failed != std::errc() || end != number.data() + number.size()) return bad_job(part);
  return std::optional<CopyRef>(std::move(copy));
}

}  // namespace

Result<Node> parse_node(std::string_view text) {
  const std::size_t slash = text.find('/');
  if (slash == text.npos) {
    return Error(ErrorCode::kInvalidArgument,
                 "node '" + std::string(text) + "': the tube is missing; write HOST:PORT/TUBE");
  }
  Node node(std::string(text.substr(0, slash)), std::string(text.substr(slash + 1)));
  if (Status good = check_nodes({node}); !good) return good.error();
  return node;
}

Status check_nodes(const Nodes& nodes) {
  if (nodes.empty()) return Error(ErrorCode::kInvalidArgument, "no node is given");
  for (auto node = nodes.begin(); node != nodes.end(); ++node) {
    if (const auto address = beanstalk::parse_address(node->endpoint); !address) return address.error();
    if (Status tube = check_tube(node->tube); !tube) return tube.error();
    if (std::find(nodes.begin(), node, *node) != node) {
      return Error(ErrorCode::kInvalidArgument, "node " + node_name(*node) + " is given twice");
    }
  }
  return {};
}

std::string node_name(const Node& node) { return node.endpoint + "/" + node.tube; }

std::string copy_id(const Node& node, beanstalk::JobId job) { return node_name(node) + "/" + std::to_string(job); }

Result<std::vector<CopyRef>> parse_id(std::string_view id) {
  std::vector<CopyRef> copies;
  while (!id.empty()) {
    const std::string_view part = id.substr(0, id.find(','));
    id.remove_prefix(std::min(id.size(), part.size() + 1));
    Result<std::optional<CopyRef>> copy = parse_part(part);
    if (!copy) return copy.error();
    if (*copy) copies.push_back(**std::move(copy));
  }
  return copies;
}

}  // namespace windlass::dq
