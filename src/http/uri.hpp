// Targets of requests: percent-encoding, paths and queries.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace windlass::http {

// "%20" to " "; nothing if a '%' is not followed by two hexadecimal digits.
std::optional<std::string> percent_decode(std::string_view text);
// All but letters, digits and "-._~" is encoded: fit for one segment of a path, a query and a header.
std::string percent_encode(std::string_view text);

// The name-value pairs of a query, decoded ('+' is a space), in order. What cannot be decoded stays as it is.
class Query {
 public:
  Query() = default;
  explicit Query(std::string_view text);

  // The first value of that name; nothing if there is none.
  std::optional<std::string> find(std::string_view name) const;
  std::vector<std::string> all(std::string_view name) const;
  const std::vector<std::pair<std::string, std::string>>& pairs() const { return pairs_; }

 private:
  std::vector<std::pair<std::string, std::string>> pairs_;
};

}  // namespace windlass::http
