// UTF-8, one character at a time. What a whole text is made of is for the callers.
#pragma once

#include <cstddef>
#include <string_view>

namespace windlass::base {

struct Utf8Char {
  char32_t code = 0;
  std::size_t length = 0;  // bytes, 1 to 4; 0 = what stands there is not UTF-8
};

// The character at the start of `text`. Overlong forms, surrogates and numbers over U+10FFFF are not UTF-8.
// REQUIRES: text is not empty.
Utf8Char decode_utf8(std::string_view text);

// What is put in the place of each byte that is not UTF-8: U+FFFD.
inline constexpr std::string_view kReplacementUtf8 = "\xEF\xBF\xBD";

}  // namespace windlass::base
