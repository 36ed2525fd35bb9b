// Fiber: a function on a stack of its own, that runs piece by piece on the thread which resumes it.
//
// The roles of a server are written as straight code with calls that block. On fibers, hundreds of them take turns on
// one thread, and whoever resumes them decides on the order.
#pragma once

#include <ucontext.h>

#include <cstddef>
#include <functional>

namespace windlass::sim {

// Confined to one thread.
class Fiber {
 public:
  explicit Fiber(std::function<void()> body);
  // REQUIRES: it is done, or was never resumed: what lives on its stack is not destroyed.
  ~Fiber();
  Fiber(const Fiber&) = delete;
  Fiber& operator=(const Fiber&) = delete;

  // Runs it until it pauses or ends. REQUIRES: not done.
  void resume();
  bool done() const { return done_; }

  // For the code on the fiber that runs now: back to whoever resumed it.
  static void pause();
  // The one that runs now; nullptr outside of all.
  static Fiber* current();

 private:
  static void enter();
  void switch_back(bool for_good);

  std::function<void()> body_;
  void* stack_ = nullptr;
  ucontext_t own_{};
  ucontext_t back_{};
  bool done_ = false;
  // Where AddressSanitizer keeps what it knows of the two stacks.
  void* fake_stack_ = nullptr;
  const void* back_bottom_ = nullptr;
  std::size_t back_size_ = 0;
};

}  // namespace windlass::sim
