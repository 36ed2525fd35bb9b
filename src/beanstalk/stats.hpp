// What the stats and list commands answer: YAML of the two shapes that beanstalkd writes.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include <windlass/error.hpp>

namespace windlass::beanstalk {

// A dictionary of scalars, as text.
class Stats {
 public:
  // Errors: kCorrupt.
  static Result<Stats> parse(std::string_view yaml);

  // Empty, or 0, for what this version of beanstalkd does not say.
  std::string text(std::string_view key) const;
  std::uint64_t number(std::string_view key) const;
  const std::map<std::string, std::string, std::less<>>& all() const { return values_; }

 private:
  std::map<std::string, std::string, std::less<>> values_;
};

// Errors: kCorrupt.
Result<std::vector<std::string>> parse_list(std::string_view yaml);

}  // namespace windlass::beanstalk
