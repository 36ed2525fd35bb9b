#include "sim/fiber.hpp"

#include <sys/mman.h>

#include <new>
#include <utility>

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define WINDLASS_SIM_ASAN 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__)
#define WINDLASS_SIM_ASAN 1
#endif

#ifdef WINDLASS_SIM_ASAN
#include <sanitizer/common_interface_defs.h>
#endif

namespace windlass::sim {
namespace {

// Taken from the kernel page by page, as it is used.
constexpr std::size_t kStackSize = std::size_t{1} << 20;

Fiber* running = nullptr;

// AddressSanitizer must be told when the stack changes.
void leave_stack([[maybe_unused]] void** keep, [[maybe_unused]] const void* bottom, [[maybe_unused]] std::size_t size) {
#ifdef WINDLASS_SIM_ASAN
  __sanitizer_start_switch_fiber(keep, bottom, size);
#endif
}

void enter_stack([[maybe_unused]] void* kept, [[maybe_unused]] const void** bottom,
                 [[maybe_unused]] std::size_t* size) {
#ifdef WINDLASS_SIM_ASAN
  __sanitizer_finish_switch_fiber(kept, bottom, size);
#endif
}

}  // namespace

Fiber::Fiber(std::function<void()> body) : body_(std::move(body)) {
  stack_ = ::mmap(nullptr, kStackSize, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK | MAP_NORESERVE,
                  -1, 0);
  if (stack_ == MAP_FAILED) throw std::bad_alloc();
  ::getcontext(&own_);
  own_.uc_stack.ss_sp = stack_;
  own_.uc_stack.ss_size = kStackSize;
  ::makecontext(&own_, &Fiber::enter, 0);
}

Fiber::~Fiber() { ::munmap(stack_, kStackSize); }

Fiber* Fiber::current() { return running; }

void Fiber::resume() {
  void* fake_stack = nullptr;
  running = this;
  leave_stack(&fake_stack, stack_, kStackSize);
  ::swapcontext(&back_, &own_);
  enter_stack(fake_stack, nullptr, nullptr);
  running = nullptr;
}

void Fiber::pause() { running->switch_back(false); }

void Fiber::enter() {
  Fiber& self = *running;
  enter_stack(nullptr, &self.back_bottom_, &self.back_size_);
  self.body_();
  self.body_ = nullptr;
  self.done_ = true;
  self.switch_back(true);
}

void Fiber::switch_back(bool for_good) {
  leave_stack(for_good ? nullptr : &fake_stack_, back_bottom_, back_size_);
  ::swapcontext(&own_, &back_);
  enter_stack(fake_stack_, &back_bottom_, &back_size_);
}

}  // namespace windlass::sim
