#include "net/reactor.hpp"

#include <poll.h>
#include <sys/epoll.h>

#include <array>
#include <cerrno>
#include <string>
#include <system_error>

#include "net/socket.hpp"

namespace windlass::net {
namespace {

// What a clock that was stepped, or one of a test, may make a sleep too long by is less than this.
constexpr Duration kLongestSleep = std::chrono::hours(1);

}  // namespace

Reactor::Reactor(base::Clock& clock) : clock_(clock), epoll_(::epoll_create1(EPOLL_CLOEXEC)) {
  if (epoll_.get() < 0) throw std::system_error(errno, std::system_category(), "epoll_create1");
  epoll_event event{.events = EPOLLIN, .data = {.fd = wake_.get()}};
  if (::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, wake_.get(), &event) != 0) {
    throw std::system_error(errno, std::system_category(), "epoll_ctl");
  }
  listener_ = clock.add_listener([this] { wake(); });
}

Reactor::~Reactor() = default;

int Reactor::control(int operation, int fd, const Waiting& waiting) const {
  epoll_event event{.events = 0, .data = {.fd = fd}};
  if (waiting.reader != nullptr) event.events |= EPOLLIN | EPOLLRDHUP;
  if (waiting.writer != nullptr) event.events |= EPOLLOUT;
  return ::epoll_ctl(epoll_.get(), operation, fd, &event) == 0 ? 0 : errno;
}

Status Reactor::add_fd(int fd, Direction direction, Tag tag) {
  const auto [found, is_new] = fds_.try_emplace(fd);
  Tag& place = direction == Direction::kRead ? found->second.reader : found->second.writer;
  const std::string where = "waiting for descriptor " + std::to_string(fd);
  if (place != nullptr) return Error(ErrorCode::kFailedPrecondition, where + ": somebody waits for it already");
  place = tag;
  const int failure = control(is_new ? EPOLL_CTL_ADD : EPOLL_CTL_MOD, fd, found->second);
  if (failure == 0) return {};
  place = nullptr;
  if (is_new) fds_.erase(found);
  const bool exhausted = failure == ENOMEM || failure == ENOSPC;
  return Error(exhausted ? ErrorCode::kResourceExhausted : ErrorCode::kInvalidArgument,
               std::system_category().message(failure))
      .at(where);
}

void Reactor::remove_fd(int fd, Direction direction) {
  const auto found = fds_.find(fd);
  if (found == fds_.end()) return;
  (direction == Direction::kRead ? found->second.reader : found->second.writer) = nullptr;
  const bool last = found->second.reader == nullptr && found->second.writer == nullptr;
  // Fails where the descriptor was closed meanwhile: the kernel has forgotten it then.
  (void)control(last ? EPOLL_CTL_DEL : EPOLL_CTL_MOD, fd, found->second);
  if (last) fds_.erase(found);
}

void Reactor::wait(std::vector<Tag>& come, bool block) {
  take_timers(come);
  if (block && come.empty()) sleep();
  poll_fds(come);
  take_timers(come);
}

// poll(2) rather than a timeout of epoll_wait(2), which counts in milliseconds.
void Reactor::sleep() {
  const TimePoint now = clock_.now();
  Duration left = kLongestSleep;
  if (!timers_.empty()) left = std::min(left, timers_.begin()->first - clock_.steady());
  const Duration length = clock_.sleep_slice(now + left);
  if (length <= Duration::zero()) return;
  const timespec timeout{length.count() / 1'000'000'000, length.count() % 1'000'000'000};
  pollfd any{epoll_.get(), POLLIN, 0};
  (void)::ppoll(&any, 1, &timeout, nullptr);
}

void Reactor::poll_fds(std::vector<Tag>& come) {
  std::array<epoll_event, 256> events;
  const int n = ::epoll_wait(epoll_.get(), events.data(), static_cast<int>(events.size()), 0);
  for (int i = 0; i < n; ++i) {
    const epoll_event& event = events[static_cast<std::size_t>(i)];
    if (event.data.fd == wake_.get()) {
      wake_.drain();
      continue;
    }
    const auto found = fds_.find(event.data.fd);
    if (found == fds_.end()) continue;
    const Waiting waiting = found->second;
    const bool over = (event.events & (EPOLLERR | EPOLLHUP)) != 0;
    if (waiting.reader != nullptr && (over || (event.events & (EPOLLIN | EPOLLRDHUP)) != 0)) {
      come.push_back(waiting.reader);
      remove_fd(event.data.fd, Direction::kRead);
    }
    if (waiting.writer != nullptr && (over || (event.events & EPOLLOUT) != 0)) {
      come.push_back(waiting.writer);
      remove_fd(event.data.fd, Direction::kWrite);
    }
  }
}

void Reactor::take_timers(std::vector<Tag>& come) {
  if (timers_.empty()) return;
  const Duration now = clock_.steady();
  while (!timers_.empty() && timers_.begin()->first <= now) {
    come.push_back(timers_.begin()->second);
    timers_.erase(timers_.begin());
  }
}

}  // namespace windlass::net
