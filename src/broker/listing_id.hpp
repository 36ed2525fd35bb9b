// What tells listings apart: brokers put it into their cursors, so that a cursor of one listing is refused by another rather than
// misread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "broker/broker.hpp"

namespace windlass::broker {

// Of the filter, and of what it is used for ("list", or a bulk action).
inline std::uint64_t listing_id(const TaskFilter& filter, std::string_view purpose) {
  // FNV-1a, with the length in front of each part so that parts cannot run into each other.
  std::uint64_t hash = 0xcbf29ce484222325ULL;
  const auto add = [&](unsigned char byte) { hash = (hash ^ byte) * 0x100000001b3ULL; };
  for (const std::string_view part :
       {std::string_view(filter.queue), task_state_name(filter.state), std::string_view(filter.group),
        std::string_view(filter.id_prefix), std::string_view(filter.type), purpose}) {
    for (std::size_t n = part.size(); n > 0; n >>= 8) add(static_cast<unsigned char>(n & 0xff));
    add(0);
    for (const char c : part) add(static_cast<unsigned char>(c));
  }
  return hash;
}

}  // namespace windlass::broker
