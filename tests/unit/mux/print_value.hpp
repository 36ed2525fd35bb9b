// Lets GoogleTest show a codec::Value as JSON.
#pragma once

#include <ostream>

#include <windlass/codec.hpp>

namespace windlass::codec {

inline void PrintTo(const Value& value, std::ostream* out) { *out << write_json(value); }

}  // namespace windlass::codec
