#include "exec/crash_handler.hpp"

#include <execinfo.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <new>

#include "exec/frames.hpp"

namespace windlass::exec {
namespace {

constexpr std::array kFatal = {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT, SIGSYS, SIGTRAP};
constexpr std::size_t kSignalStack = 128 << 10;
constexpr int kFramesMax = 32;
// A backtrace of a broken process may hang. Then SIGALRM ends it; the server knows the first signal.
constexpr unsigned kBacktraceSeconds = 2;
constexpr std::size_t kMemoryProbe = 1 << 20;

// For the signal handler; set before it is installed.
int g_control_fd = -1;
bool g_memory_limited = false;
std::atomic<bool> g_told = false;
thread_local int t_lane = -1;

static_assert(std::atomic<bool>::is_always_lock_free);

bool memory_full() {
  if (!g_memory_limited) return false;
  void* const probe = ::mmap(nullptr, kMemoryProbe, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (probe == MAP_FAILED) return errno == ENOMEM;
  ::munmap(probe, kMemoryProbe);
  return false;
}

// Async-signal-safe. The first one counts.
void tell_server(int signal) {
  if (g_told.exchange(true)) return;
  const auto bytes = encode_crash({t_lane, signal, memory_full()});
  (void)::send(g_control_fd, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
}

void on_fatal_signal(int signal) {
  tell_server(signal);
  ::alarm(kBacktraceSeconds);
  void* frames[kFramesMax];
  const int count = ::backtrace(frames, kFramesMax);
  ::backtrace_symbols_fd(frames, count, STDERR_FILENO);
  // SA_RESETHAND has put the default back: it acts as soon as this handler returns.
  ::raise(signal);
}

}  // namespace

void install_crash_handler(int control_fd, bool memory_limited) {
  g_control_fd = control_fd;
  g_memory_limited = memory_limited;
  void* frame[1];
  ::backtrace(frame, 1);  // loads what it needs, which it cannot do in a signal handler
  struct sigaction action {};
  action.sa_handler = on_fatal_signal;
  action.sa_flags = SA_ONSTACK | SA_RESETHAND;
  ::sigemptyset(&action.sa_mask);
  for (const int signal : kFatal) ::sigaction(signal, &action, nullptr);
  std::atexit([] { tell_server(0); });
  std::at_quick_exit([] { tell_server(0); });
}

void announce_lane_thread(int lane) {
  t_lane = lane;
  stack_t stack{};
  stack.ss_sp = ::operator new(kSignalStack);
  stack.ss_size = kSignalStack;
  ::sigaltstack(&stack, nullptr);
}

}  // namespace windlass::exec
