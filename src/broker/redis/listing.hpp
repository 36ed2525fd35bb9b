// Walking the tasks of one state in the order in which people see them, window by window. What a place in a listing is only list.lua
// knows.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "broker/broker.hpp"
#include "broker/redis/store.hpp"

namespace windlass::broker {

struct Listing {
  TaskFilter filter;
  std::uint64_t id = 0;             // what cursors of this listing are marked with
  std::vector<std::string> place;   // where the next window begins; empty: at the start
};

// Errors: kInvalidArgument (a cursor of another listing; a group for a state that has none). `purpose` keeps the cursors of
// different verbs apart.
Result<Listing> open_listing(const TaskFilter& filter, const std::string& cursor, std::string_view purpose);
std::string cursor_of(const Listing& listing);

struct WindowLimits {
  std::size_t tasks = 0;            // that are returned
  std::size_t looked = 0;           // that are looked at
  std::size_t bytes = SIZE_MAX;     // of messages and results, about: the last task may go over it
  std::size_t result_max = SIZE_MAX;
  bool ids_only = false;
};

struct Window {
  std::int64_t redis_now_us = 0;
  std::size_t looked = 0;
  bool at_end = false;
  std::size_t distance = 0;         // from the tail of the list in which it begins, if it is a list
  redis::Replies replies;

  // Ids, or kTaskValues for each task.
  redis::Value tasks() const { return replies[1][3]; }
};

// The next tasks that match the filter, possibly none; the listing moves on. One script looks at a few hundred tasks at most.
//
// Errors: kQueueNotFound, kInvalidArgument (a cursor that was tampered with), those of the store.
Result<Window> next_window(Store& store, Listing& listing, const WindowLimits& limits);

}  // namespace windlass::broker
