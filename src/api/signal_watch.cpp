#include "api/signal_watch.hpp"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <string>
#include <system_error>
#include <utility>

#include "base/mutex.hpp"

namespace windlass::api {
namespace {

constexpr std::array kSignals = {SIGTERM, SIGINT, SIGTSTP};

struct Place {
  std::atomic<bool> listening = false;
  std::atomic<int> write_fd = -1;  // opened once, never closed; the read end too
  int read_fd = -1;                // set before `listening`
  bool taken = false;              // guarded by g_mu
};

// For the whole process, because signal handlers are. Trivially destructible, so safe at exit.
std::array<Place, SignalWatch::kMax> g_places;
std::atomic<bool> g_told_to_end = false;
base::Mutex g_mu;  // installing and removing
int g_watches WINDLASS_GUARDED_BY(g_mu) = 0;
std::array<struct sigaction, kSignals.size()> g_before WINDLASS_GUARDED_BY(g_mu);

static_assert(std::atomic<int>::is_always_lock_free && std::atomic<bool>::is_always_lock_free);

Place& place_at(int i) { return g_places[static_cast<std::size_t>(i)]; }

// Async-signal-safe. A full pipe holds bytes enough.
void put(const Place& place, char byte) {
  if (::write(place.write_fd, &byte, 1) < 0) return;
}

// False when the pipe is empty.
bool get(const Place& place, char& byte) { return ::read(place.read_fd, &byte, 1) == 1; }

// Async-signal-safe.
void on_signal(int signal) {
  const int saved_errno = errno;
  if (signal != SIGTSTP && g_told_to_end.exchange(true)) ::_exit(128 + signal);
  for (const Place& place : g_places) {
    if (place.listening) put(place, static_cast<char>(signal));
  }
  errno = saved_errno;
}

void install_handlers() WINDLASS_REQUIRES(g_mu) {
  g_told_to_end = false;
  struct sigaction action{};
  action.sa_handler = on_signal;
  action.sa_flags = SA_RESTART;
  ::sigemptyset(&action.sa_mask);
  for (std::size_t i = 0; i < kSignals.size(); ++i) ::sigaction(kSignals[i], &action, &g_before[i]);
}

void restore_handlers() WINDLASS_REQUIRES(g_mu) {
  for (std::size_t i = 0; i < kSignals.size(); ++i) ::sigaction(kSignals[i], &g_before[i], nullptr);
}

int find_place() WINDLASS_REQUIRES(g_mu) {
  for (int i = 0; i < SignalWatch::kMax; ++i) {
    if (!place_at(i).taken) return i;
  }
  return -1;
}

Status open_pipe(Place& place) {
  if (place.write_fd >= 0) return {};
  int fds[2];
  if (::pipe2(fds, O_CLOEXEC | O_NONBLOCK) != 0) {
    return Error(ErrorCode::kResourceExhausted, "signals: pipe: " + std::generic_category().message(errno));
  }
  place.read_fd = fds[0];
  place.write_fd = fds[1];
  return {};
}

}  // namespace

Result<SignalWatch> SignalWatch::open() {
  base::Lock lock(g_mu);
  const int i = find_place();
  if (i < 0) {
    return Error(ErrorCode::kResourceExhausted, "signals: " + std::to_string(kMax) + " servers wait for them in run() already");
  }
  Place& place = place_at(i);
  if (Status opened = open_pipe(place); !opened) return opened.error();
  for (char left = 0; get(place, left);) {}
  place.taken = true;
  place.listening = true;
  if (g_watches++ == 0) install_handlers();
  return SignalWatch(i);
}

SignalWatch::SignalWatch(SignalWatch&& other) noexcept : place_(std::exchange(other.place_, -1)) {}

SignalWatch::~SignalWatch() {
  if (place_ < 0) return;
  base::Lock lock(g_mu);
  if (--g_watches == 0) restore_handlers();
  place_at(place_).listening = false;
  place_at(place_).taken = false;
}

int SignalWatch::wait() {
  const Place& place = place_at(place_);
  char byte = 0;
  while (!get(place, byte)) {
    pollfd readable{place.read_fd, POLLIN, 0};
    ::poll(&readable, 1, -1);
  }
  return byte;
}

void SignalWatch::wake() { put(place_at(place_), 0); }

}  // namespace windlass::api
