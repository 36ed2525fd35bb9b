#include "beanstalk/stats.hpp"

#include <charconv>

namespace windlass::beanstalk {
namespace {

std::string_view take_line(std::string_view& text) {
  const std::string_view line = text.substr(0, text.find('\n'));
  text.remove_prefix(std::min(text.size(), line.size() + 1));
  return line;
}

// Newer versions write some values in quotes.
std::string unquoted(std::string_view value) {
  const bool quoted = value.size() >= 2 && value.front() == '"' && value.back() == '"';
  return std::string(quoted ? value.substr(1, value.size() - 2) : value);
}

Error corrupt(std::string_view line) {
  return Error(ErrorCode::kCorrupt, "statistics of beanstalkd: cannot read the line '" + std::string(line) + "'");
}

}  // namespace

Result<Stats> Stats::parse(std::string_view yaml) {
  Stats stats;
  while (!yaml.empty()) {
    const std::string_view line = take_line(yaml);
    if (line.empty() || line == "---") continue;
    const std::size_t colon = line.find(": ");
    if (colon == line.npos) return corrupt(line);
    stats.values_.emplace(line.substr(0, colon), unquoted(line.substr(colon + 2)));
  }
  return stats;
}

std::string Stats::text(std::string_view key) const {
  const auto found = values_.find(key);
  return found == values_.end() ? std::string() : found->second;
}

std::uint64_t Stats::number(std::string_view key) const {
  const auto found = values_.find(key);
  if (found == values_.end()) return 0;
  std::uint64_t number = 0;
  const std::string& digits = found->second;
  return std::from_chars(digits.data(), digits.data() + digits.size(), number).ec == std::errc() ? number : 0;
}

Result<std::vector<std::string>> parse_list(std::string_view yaml) {
  std::vector<std::string> items;
  while (!yaml.empty()) {
    const std::string_view line = take_line(yaml);
    if (line.empty() || line == "---") continue;
    if (!line.starts_with("- ")) return corrupt(line);
    items.push_back(unquoted(line.substr(2)));
  }
  return items;
}

}  // namespace windlass::beanstalk
