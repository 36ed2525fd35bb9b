// What a handler child does when a thread of it is about to end the process: it tells the server which one, and leaves
// a backtrace on standard error. Then the signal takes its course, core dump included.
#pragma once

namespace windlass::exec {

// For the whole process. `control_fd` takes a CrashFrame. `memory_limited`: find out whether memory was to be had at
// that moment. Call once, before other threads.
void install_crash_handler(int control_fd, bool memory_limited);

// The calling thread serves this lane from now on; gives it a stack of its own for signals, so that a stack overflow is
// told, too. The thread must not end before the process.
void announce_lane_thread(int lane);

}  // namespace windlass::exec
