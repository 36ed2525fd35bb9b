// Handlers that misbehave in every way that the process executor must contain. The payload says how, where it matters.
#pragma once

#include <windlass/mux.hpp>

namespace windlass::testing {

// Types are named after what their handlers do; those under "shared:" run several at a time in one child.
Mux misbehaving_mux();

}  // namespace windlass::testing
