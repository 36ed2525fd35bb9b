// Floating-point numbers as text.
#pragma once

#include <string>

namespace windlass::codec {

// The shortest text that reads back as the same double, and never as an integer: "0.1", "5.0", "1e+300". "nan", "inf",
// "-inf".
std::string number_text(double number);

}  // namespace windlass::codec
