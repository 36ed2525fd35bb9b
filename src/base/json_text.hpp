// The one thing about writing JSON that is easy to get wrong: strings.
#pragma once

#include <string>
#include <string_view>

namespace windlass::base {

// Appends `text` as a JSON string, quotes included. Each byte that is not UTF-8 becomes U+FFFD.
void append_json_string(std::string& out, std::string_view text);

}  // namespace windlass::base
