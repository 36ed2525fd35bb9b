// Base64 as in RFC 4648 §4: with padding, without line breaks.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace windlass::codec {

std::string encode_base64(std::string_view bytes);
// Nothing if `text` is not what encode_base64 makes of some bytes.
std::optional<std::string> decode_base64(std::string_view text);

}  // namespace windlass::codec
