// What makes a periodic entry the same one in every scheduler and after every restart.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include <windlass/task.hpp>
#include <windlass/time.hpp>

namespace windlass::core {

// The id of an entry without a name: "auto:" and a hash of what it is.
std::string entry_id(std::string_view spec, std::string_view zone, const Task& task);

// The phase of an @every entry, from its id: whole seconds, up to some hundred years; to be taken modulo the interval.
Duration entry_phase(std::string_view id);

// By how much the task of this tick runs later: the same whoever computes it, spread evenly over [0, jitter).
Duration tick_jitter(std::string_view id, TimePoint nominal, Duration jitter);

}  // namespace windlass::core
