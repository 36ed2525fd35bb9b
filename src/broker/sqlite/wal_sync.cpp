#include "broker/sqlite/wal_sync.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

namespace windlass::broker {

Result<std::unique_ptr<WalSync>> WalSync::open(const std::string& database) {
  std::string path = database + "-wal";
  const int fd = ::open(path.c_str(), O_RDWR | O_CLOEXEC);
  if (fd >= 0) return std::unique_ptr<WalSync>(new WalSync(std::move(path), fd));
  const ErrorCode code = errno == EACCES || errno == EPERM ? ErrorCode::kPermissionDenied : ErrorCode::kUnavailable;
  return Error(code, path + ": cannot be opened: " + std::strerror(errno));
}

// The log carries no locks of SQLite's, so closing a descriptor of it drops none.
WalSync::~WalSync() { close(fd_); }

Status WalSync::wait() {
  base::Lock lock(mu_);
  // A sync under way may have begun before the commit: the next one counts.
  const std::uint64_t mine = begun_ + 1;
  while (done_ < mine) {
    if (begun_ != done_) {
      changed_.wait(mu_);
      continue;
    }
    const std::uint64_t number = ++begun_;
    lock.unlock();
    const int error = sync();
    lock.lock();
    done_ = number;
    if (error != 0) {
      failed_ = number;
      error_ = error;
    }
    changed_.notify_all();
  }
  // What the kernel could not write it forgets: a later sync that succeeds says nothing about it.
  if (failed_ < mine) return {};
  return Error(ErrorCode::kUnknownOutcome, path_ + ": cannot be synced to the disk: " + std::strerror(error_) +
                                               "; what was just written may be lost with the power: look it up by its id");
}

int WalSync::sync() const {
  while (fdatasync(fd_) != 0) {
    if (errno != EINTR) return errno;
  }
  return 0;
}

}  // namespace windlass::broker
