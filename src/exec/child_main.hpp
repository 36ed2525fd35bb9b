// The other side of a process pool: a process that runs handlers for the server that started it.
//
// The server starts its own program again (process_pool.hpp), so main() runs, up to the place where it would serve;
// there the process becomes a handler child. What stands before that place in main() runs in each child, too.
//
// The main thread listens to the control socket; each lane has a thread, which reads a task, runs its handler and says
// how it went. When the server closes the control socket, or dies, the child kills its process group: itself, and what
// its handlers started.
#pragma once

#include <windlass/mux.hpp>

namespace windlass::exec {

// Returns at once in a process that no server started as a child. In a child it does not return.
void serve_if_child(const Mux& mux);

}  // namespace windlass::exec
