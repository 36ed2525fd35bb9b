#include "mux/number_text.hpp"

#include <array>
#include <charconv>

namespace windlass::codec {

std::string number_text(double number) {
  std::array<char, 32> digits;
  std::string text(digits.data(), std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr);
  // "n" and "i": "nan" and "inf" have nothing of an integer.
  if (text.find_first_of(".eni") == std::string::npos) text += ".0";
  return text;
}

}  // namespace windlass::codec
