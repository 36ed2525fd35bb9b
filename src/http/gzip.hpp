// gzip, as bodies of responses.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace windlass::http {

// `level` 1 (fast) to 9 (small).
std::string gzip(std::string_view bytes, int level);
// Nothing if it is damaged or would be larger than `max` bytes.
std::optional<std::string> gunzip(std::string_view bytes, std::size_t max);

}  // namespace windlass::http
