// Transport: a connected byte stream that never blocks, and the one place where a thread waits for it. TCP, unix sockets and
// TLS stand behind it, and in tests a fake that fails where it is told to.
//
// There is no loop thread: whoever has something to send or to await drives the transport itself. One thread may read while
// another one writes. (The HTTP server, with many connections, has a loop: see LoopTransport.)
#pragma once

#include <chrono>
#include <cstddef>
#include <span>
#include <string_view>

#include <windlass/error.hpp>

namespace windlass::net {

// Network time is the machine's monotonic clock: it bounds how long a thread may stay in the kernel, which no test clock moves.
using Deadline = std::chrono::steady_clock::time_point;

inline Deadline after(std::chrono::steady_clock::duration length) { return std::chrono::steady_clock::now() + length; }

struct Interest {
  bool read = false;
  bool write = false;
};

// All false: the deadline has come.
struct Ready {
  bool read = false;   // read_some() may get something, or learn that the stream has ended
  bool write = false;
  bool woken = false;  // the wake descriptor is readable
};

// Errors of all calls: kUnavailable (the stream is broken or was closed by the peer; the message says which).
class Transport {
 public:
  virtual ~Transport() = default;

  // Reads what is there, at most buffer.size(). 0: nothing now. For one thread at a time.
  virtual Result<std::size_t> read_some(std::span<char> buffer) = 0;
  // Writes what there is room for. 0: no room now. For one thread at a time.
  virtual Result<std::size_t> write_some(std::string_view bytes) = 0;
  // Blocks until the stream is ready, `wake_fd` (-1: none) is readable, or `deadline` has come; a deadline that has passed
  // still looks once. May report ready too early. For one thread at a time.
  virtual Result<Ready> wait(Interest interest, int wake_fd, Deadline deadline) = 0;
  // Ends the stream in both directions and wakes the thread that waits. Thread-safe; may come twice.
  virtual void shutdown() = 0;
};

// A Transport for a loop that waits for many of them itself (see Reactor).
class LoopTransport : public Transport {
 public:
  // What must be ready for the stream to get further in a direction of `interest`. Nothing: it can at once. For the thread of
  // the loop.
  virtual Interest needs(Interest interest) = 0;
  virtual int descriptor() const = 0;
  // No more is written; the peer learns that the stream has ended. Reading goes on.
  virtual void shutdown_write() = 0;
};

}  // namespace windlass::net
