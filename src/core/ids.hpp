// Ids: UUIDs of version 7 (RFC 9562), so that ids sort by the time they were made and land side by side in an index.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include <windlass/time.hpp>

namespace windlass::core {

// A fresh UUIDv7 in canonical lower-case text. Ids made by one thread in a row are strictly ascending. Thread-safe; safe after fork.
std::string new_uuid(TimePoint now);

// 64 random bits, fit for ids. Thread-safe; safe after fork.
std::uint64_t random_word();

// "HOST:PID:UUID", a fresh id for a server or scheduler object; HOST is "unknown-host" where it cannot be read.
std::string new_process_id(TimePoint now);

}  // namespace windlass::core
