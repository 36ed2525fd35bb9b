// How many columns of a terminal text takes: two for wide glyphs (Chinese, Japanese, Korean, emoji), none for marks that join the one
// before.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace windlass::app {

int glyph_width(char32_t c);
std::size_t text_width(std::string_view text);
// The first glyphs of the text that fit into `columns`.
std::string_view fitting(std::string_view text, std::size_t columns);
// As fitting(), with "..." at the end where something was cut off.
std::string cut_to(std::string_view text, std::size_t columns);

}  // namespace windlass::app
