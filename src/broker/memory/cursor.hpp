// Cursor: a place in a listing as text that callers carry from page to page. It says which listing it belongs to, so
// that one of another is refused rather than misread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "broker/listing_id.hpp"
#include "broker/memory/store.hpp"

namespace windlass::broker::memory {

// `listing` is its listing_id(). The place behind the task at `position`.
std::string encode_cursor(std::uint64_t listing, Position position);
// Errors: kInvalidArgument.
Result<Position> decode_cursor(std::string_view text, std::uint64_t listing);

}  // namespace windlass::broker::memory
