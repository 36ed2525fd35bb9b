// What an error reply of Redis means for the caller, as an Error.
#pragma once

#include <string_view>

#include <windlass/error.hpp>

#include "redis/reply.hpp"

namespace windlass::redis {

// True for "-CODE text" with this code.
bool has_code(std::string_view error_text, std::string_view code);
bool is_error_with(const Value& reply, std::string_view code);

// The Error that `reply` stands for: its code says what to do, its message is Redis' own text. An error reply always means
// that the command itself did nothing, except for one of a script, which may have written before it failed.
//
// REQUIRES: reply.is_error().
Error to_error(const Value& reply);

}  // namespace windlass::redis
