#include <cstdint>
#include <string>

#include <yaml-cpp/yaml.h>

#include "periodic/trees.hpp"

namespace windlass::periodic {
namespace {

using codec::Value;

// As deep as a payload may be; also stops anchors that refer to themselves.
constexpr int kDepthMax = codec::kDepthMax;

Error at(const YAML::Mark& mark, const std::string& text) {
  return Error(ErrorCode::kInvalidArgument,
               "line " + std::to_string(mark.line + 1) + ", column " + std::to_string(mark.column + 1) + ": " + text);
}

// A plain scalar is what it looks like; a quoted one is a text.
Value scalar(const YAML::Node& node) {
  if (node.Tag() == "!") return node.Scalar();
  std::int64_t integer = 0;
  double real = 0;
  bool flag = false;
  if (YAML::convert<std::int64_t>::decode(node, integer)) return integer;
  if (YAML::convert<double>::decode(node, real)) return real;
  if ((node.Scalar() == "true" || node.Scalar() == "false") && YAML::convert<bool>::decode(node, flag)) return flag;
  return node.Scalar();
}

Result<Value> tree_of(const YAML::Node& node, int depth) {
  if (depth > kDepthMax) return at(node.Mark(), "nested too deep");
  if (node.IsScalar()) return scalar(node);
  if (node.IsSequence()) {
    Value::Array items;
    for (const YAML::Node& item : node) {
      auto tree = tree_of(item, depth + 1);
      if (!tree) return tree;
      items.push_back(*std::move(tree));
    }
    return Value(std::move(items));
  }
  if (!node.IsMap()) return Value();
  Value::Object members;
  for (const auto& member : node) {
    if (!member.first.IsScalar()) return at(member.first.Mark(), "a key must be a text");
    auto tree = tree_of(member.second, depth + 1);
    if (!tree) return tree;
    members.push_back({member.first.Scalar(), *std::move(tree)});
  }
  return Value(std::move(members));
}

}  // namespace

Result<Value> parse_yaml(std::string_view text) {
  try {
    return tree_of(YAML::Load(std::string(text)), 0);
  } catch (const YAML::Exception& error) { return at(error.mark, error.msg); }
}

}  // namespace windlass::periodic
