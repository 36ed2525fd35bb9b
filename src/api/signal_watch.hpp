// SignalWatch: tells one thread of SIGTERM, SIGINT and SIGTSTP while it exists. A second SIGTERM or SIGINT, of either kind and
// to the whole process, ends the process at once with 128 + signal, whatever its threads are doing.
//
// The handlers are those of the process: they are installed with the first watch and put back with the last. Every watch
// hears every signal. A handler only writes a byte into the pipes of the watches, so no thread's signal mask matters. The
// pipes are kept for the next watch: a handler that is still running must not write into a descriptor that means something
// else by then.
#pragma once

#include <optional>

#include <windlass/error.hpp>

namespace windlass::api {

// wait() belongs to one thread; wake() is thread-safe.
class SignalWatch {
 public:
  // At most so many at a time.
  static constexpr int kMax = 16;

  // Errors: kResourceExhausted (no file descriptors, or kMax watches).
  static Result<SignalWatch> open();
  ~SignalWatch();
  SignalWatch(SignalWatch&& other) noexcept;
  SignalWatch& operator=(SignalWatch&&) = delete;

  // Blocks until a signal comes, and returns its number; 0 after wake().
  int wait();
  void wake();

 private:
  explicit SignalWatch(int place) : place_(place) {}

  int place_;  // -1: moved from
};

}  // namespace windlass::api
