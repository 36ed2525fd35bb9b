// Fd: owner of a file descriptor. WakeFd: a descriptor by which one thread wakes another out of poll(2).
#pragma once

#include <unistd.h>

#include <utility>

namespace windlass::net {

// Thread-compatible.
class Fd {
 public:
  Fd() = default;
  explicit Fd(int fd) : fd_(fd) {}
  Fd(Fd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Fd& operator=(Fd&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~Fd() {
    if (fd_ >= 0) ::close(fd_);
  }

  int get() const { return fd_; }
  // The caller owns it from now on.
  int release() { return std::exchange(fd_, -1); }

 private:
  int fd_ = -1;
};

// A wake-up stays until drain(), so that none is lost between "nothing to do" and poll(2). Thread-safe.
class WakeFd {
 public:
  WakeFd();

  int get() const { return fd_.get(); }
  void wake() const;
  void drain() const;

 private:
  Fd fd_;
};

}  // namespace windlass::net
