// TOML, YAML and JSON texts as trees of values. Each parser in a file of its own, as their headers are heavy.
#pragma once

#include <string_view>

#include <windlass/codec.hpp>

namespace windlass::periodic {

// Errors: kInvalidArgument, with line and column.
Result<codec::Value> parse_toml(std::string_view text);
Result<codec::Value> parse_yaml(std::string_view text);

}  // namespace windlass::periodic
