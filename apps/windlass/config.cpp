#include "config.hpp"

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <optional>

#include <CLI/CLI.hpp>

#include <windlass/codec.hpp>

#include "home.hpp"
#include "periodic/trees.hpp"

namespace windlass::app {
namespace {

constexpr const char* kConfigOption = "--config";

// Nothing if there is no such file.
std::optional<std::string> read_text(const std::string& path) {
  std::ifstream file(path);
  if (!file) return std::nullopt;
  return std::string(std::istreambuf_iterator<char>(file), {});
}

// The keys stand at the top of the file, each at the start of a line.
std::string place_of(const std::string& path, const std::string& text, const std::string& key) {
  std::istringstream lines(text);
  int number = 1;
  for (std::string line; std::getline(lines, line); ++number) {
    const std::size_t start = line.find_first_not_of(" \t\"'");
    if (start != line.npos && line.compare(start, key.size(), key) == 0)
      return path + ", line " + std::to_string(number);
  }
  return path;
}

// As it would stand on the command line.
Result<std::string> argument_text(const codec::Value& value) {
  if (const auto* text = value.get_if<std::string>()) return *text;
  if (const auto* flag = value.get_if<bool>()) return std::string(*flag ? "true" : "false");
  if (const auto* number = value.get_if<std::int64_t>()) return std::to_string(*number);
  return Error(ErrorCode::kInvalidArgument, "must be a text, a number, true or false");
}

Status apply(CLI::App& root, const std::string& key, const codec::Value& value) {
  CLI::Option* option = root.get_option_no_throw("--" + key);
  if (!option || !option->get_configurable()) {
    std::string names;
    for (const CLI::Option* known : root.get_options({})) {
      if (known->get_configurable()) names += (names.empty() ? "" : ", ") + known->get_lnames().front();
    }
    return Error(ErrorCode::kInvalidArgument, "no such key; there are " + names);
  }
  if (option->count() > 0) return {};
  const Result<std::string> text = argument_text(value);
  if (!text) return text.error();
  try {
    option->add_result(*text);
    option->run_callback();
  } catch (const CLI::ParseError& error) { return Error(ErrorCode::kInvalidArgument, error.what()); }
  return {};
}

}  // namespace

Status apply_config(CLI::App& root, const std::string& path) {
  std::string where = path;
  if (where.empty()) {
    const Result<std::string> folder = config_folder();
    if (!folder) return {};
    where = *folder + "/config.toml";
  }
  const std::optional<std::string> text = read_text(where);
  if (!text && path.empty()) return {};
  if (!text) return Error(ErrorCode::kInvalidArgument, std::string(kConfigOption) + ": cannot read " + where);
  const Result<codec::Value> tree = periodic::parse_toml(*text);
  if (!tree) return tree.error().at(where);
  for (const auto& [key, value] : *tree->get_if<codec::Value::Object>()) {
    if (const Status applied = apply(root, key, value); !applied) {
      return applied.error().at(place_of(where, *text, key) + ": '" + key + "'");
    }
  }
  return {};
}

}  // namespace windlass::app
