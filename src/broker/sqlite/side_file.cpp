#include "broker/sqlite/side_file.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <cstring>

namespace windlass::broker {

// Shared between processes of different builds: append, never move.
struct SideFile::Page {
  FutexWord bell;           // counts rings; all listeners sleep on it
  FutexWord sleepers;       // about how many do; too high after a process was killed, which costs a system call a ring
  FutexWord turn;           // counts unlocks; who waits for the lock sleeps on it
  FutexWord lock_waiters;   // as sleepers
  FutexWord taken;          // counts locks
  FutexWord rings[32];      // how often each bit was rung
};

namespace {

constexpr off_t kFileSize = 4096;
constexpr Duration kHolderCheck = std::chrono::milliseconds(10);    // a holder that died wakes nobody
constexpr Duration kPoliteness = std::chrono::microseconds(500);

// FNV-1a: must be the same in all builds.
std::uint32_t name_hash(std::string_view name) {
  std::uint32_t hash = 2166136261U;
  for (const char c : name) hash = (hash ^ static_cast<unsigned char>(c)) * 16777619U;
  return hash;
}

Error file_error(const std::string& path, std::string_view what, int error) {
  const ErrorCode code = error == EACCES || error == EPERM || error == EROFS ? ErrorCode::kPermissionDenied
                         : error == ENOSPC || error == EDQUOT               ? ErrorCode::kResourceExhausted
                                                                            : ErrorCode::kUnavailable;
  return Error(code, path + ": cannot " + std::string(what) + ": " + std::strerror(error) +
                         "; windlass keeps this file beside the database");
}

// 0 or the error number.
int set_lock(int fd, short type) {
  struct flock lock{};
  lock.l_type = type;
  lock.l_whence = SEEK_SET;
  lock.l_len = 1;
  return fcntl(fd, F_OFD_SETLK, &lock) == 0 ? 0 : errno;
}

// Gives a new file the permissions of the database, as SQLite does with its own side files.
void share_as(const std::string& database, int fd) {
  struct stat wanted{};
  struct stat made{};
  if (stat(database.c_str(), &wanted) != 0 || fstat(fd, &made) != 0 || made.st_size != 0) return;
  // Only the owner may; for anybody else the file was made by someone who has.
  if (fchmod(fd, wanted.st_mode & 0666) != 0) return;
}

}  // namespace

std::uint32_t bell_pending(std::string_view queue) { return 1U << name_hash(queue) % 15; }
std::uint32_t bell_due(std::string_view queue) { return 1U << (15 + name_hash(queue) % 15); }

Result<std::shared_ptr<SideFile>> SideFile::open(const std::string& database) {
  const std::string path = database + "-windlass-lock";
  const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (fd < 0) return file_error(path, "open it", errno);
  share_as(database, fd);
  // Reserves the page: writing to a mapped hole of a full disk would kill the process.
  if (const int error = posix_fallocate(fd, 0, kFileSize); error != 0) {
    close(fd);
    return file_error(path, "reserve a page of it", error);
  }
  void* const page = mmap(nullptr, kFileSize, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  if (page == MAP_FAILED) {
    const int error = errno;
    close(fd);
    return file_error(path, "map it", error);
  }
  return std::shared_ptr<SideFile>(new SideFile(path, fd, static_cast<Page*>(page)));
}

SideFile::SideFile(std::string path, int fd, Page* page) : path_(std::move(path)), fd_(fd), page_(page) {}

SideFile::~SideFile() {
  munmap(page_, kFileSize);
  close(fd_);
}

// Whoever has just been woken needs a while to come; without this the last holder would take the lock again and again.
void SideFile::let_the_other_one_in() {
  const std::uint32_t taken = page_->taken.load();
  woke_a_waiter_ = false;
  futex_wait(page_->taken, taken, kPoliteness, FutexScope::kShared);
}

Status SideFile::lock(Duration patience) {
  if (woke_a_waiter_) let_the_other_one_in();
  const auto start = std::chrono::steady_clock::now();
  while (true) {
    const std::uint32_t turn = page_->turn.load();
    const int error = set_lock(fd_, F_WRLCK);
    if (error == 0) break;
    if (error != EAGAIN && error != EACCES && error != EINTR) return file_error(path_, "lock it", error);
    if (std::chrono::steady_clock::now() - start >= patience) {
      return Error(ErrorCode::kUnavailable, path_ + ": another process has held it for too long; look for a stopped process");
    }
    page_->lock_waiters.fetch_add(1);
    futex_wait(page_->turn, turn, kHolderCheck, FutexScope::kShared);
    page_->lock_waiters.fetch_sub(1);
  }
  page_->taken.fetch_add(1);
  if (page_->lock_waiters.load() > 0) futex_wake(&page_->taken, 1, FutexScope::kShared);
  return {};
}

void SideFile::unlock() {
  set_lock(fd_, F_UNLCK);
  page_->turn.fetch_add(1);
  woke_a_waiter_ = page_->lock_waiters.load() > 0 && futex_wake(&page_->turn, 1, FutexScope::kShared) > 0;
}

void SideFile::ring(std::uint32_t bits) {
  if (bits == 0) return;
  for (std::uint32_t bit = 0; bit < 32; ++bit) {
    if ((bits >> bit & 1) != 0) page_->rings[bit].fetch_add(1);
  }
  page_->bell.fetch_add(1);
  if (page_->sleepers.load() > 0) futex_wake(&page_->bell, INT_MAX, FutexScope::kShared, bits);
}

SideFile::Listener::Listener(std::shared_ptr<SideFile> file, std::uint32_t bits)
    : file_(std::move(file)), bits_(bits), seen_(sum()) {}

std::uint64_t SideFile::Listener::sum() const {
  std::uint64_t total = 0;
  for (std::uint32_t bit = 0; bit < 32; ++bit) {
    if ((bits_ >> bit & 1) != 0) total += file_->page_->rings[bit].load();
  }
  return total;
}

bool SideFile::Listener::take_ring() {
  const std::uint64_t now = sum();
  const bool rung = now != seen_;
  seen_ = now;
  return rung;
}

std::uint32_t SideFile::Listener::mark() const { return file_->page_->bell.load(); }

void SideFile::Listener::sleep(std::uint32_t mark, Duration timeout) {
  file_->page_->sleepers.fetch_add(1);
  futex_wait(file_->page_->bell, mark, timeout, FutexScope::kShared, bits_ | kBellNudge);
  file_->page_->sleepers.fetch_sub(1);
}

void SideFile::Listener::nudge() { file_->ring(kBellNudge); }

}  // namespace windlass::broker
