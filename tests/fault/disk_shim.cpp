// Preloaded into processes that use SQLite, and into Redis: a disk that can lose its power, be full, or be read-only.
//
// WINDLASS_DISK is a folder. For each file below it, what was synced is kept in NAME.synced; after all processes are killed, putting that
// in the file's place is what a loss of power leaves of it (disk.hpp). The first byte of WINDLASS_DISK/mode says how writes go now: 0 well,
// 1 no space left, 2 read-only.
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <cstring>

namespace {

template <class F>
F* real(const char* name) {
  return reinterpret_cast<F*>(dlsym(RTLD_NEXT, name));
}

const char* folder() {
  static const char* const value = getenv("WINDLASS_DISK");
  return value;
}

// The path of a file that is looked after.
bool is_ours(int fd, char* path) {
  if (folder() == nullptr) return false;
  char link[64];
  char* at = link + sizeof link;
  *--at = 0;
  int number = fd;
  do *--at = static_cast<char>('0' + number % 10); while ((number /= 10) > 0);
  constexpr char kHead[] = "/proc/self/fd/";
  at -= sizeof kHead - 1;
  memcpy(at, kHead, sizeof kHead - 1);
  const ssize_t size = readlink(at, path, 4000);
  if (size <= 0) return false;
  path[size] = 0;
  const std::size_t length = strlen(folder());
  return strncmp(path, folder(), length) == 0 && path[length] == '/' && strstr(path, "-shm") == nullptr && strstr(path, ".synced") == nullptr;
}

int mode() {
  static const unsigned char* const byte = [] {
    char path[4100];
    strcpy(path, folder());
    strcat(path, "/mode");
    const int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return static_cast<const unsigned char*>(nullptr);
    void* memory = mmap(nullptr, 1, PROT_READ, MAP_SHARED, fd, 0);
    close(fd);
    return memory == MAP_FAILED ? nullptr : static_cast<const unsigned char*>(memory);
  }();
  return byte == nullptr ? 0 : __atomic_load_n(byte, __ATOMIC_ACQUIRE);
}

bool refuse(int fd) {
  char path[4100];
  if (folder() == nullptr || mode() == 0 || !is_ours(fd, path)) return false;
  errno = mode() == 1 ? ENOSPC : EROFS;
  return true;
}

struct Seen {
  ino_t file = 0;
  off_t size = 0;
};

// What a sync that begins now puts on the disk: at least what is in the file now.
void keep(int fd) {
  char path[4100];
  struct stat now;
  if (!is_ours(fd, path) || fstat(fd, &now) != 0 || !S_ISREG(now.st_mode)) return;
  // SQLite's files are read by the descriptor that is there: closing another one would end all locks of the process.
  const int flags = fcntl(fd, F_GETFL);
  const bool unreadable = (flags & O_ACCMODE) == O_WRONLY;
  const int source = unreadable ? open(path, O_RDONLY | O_CLOEXEC) : fd;
  strcat(path, ".synced");
  const int copy = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (copy < 0 || source < 0) abort();
  flock(copy, LOCK_EX);
  if (fstat(fd, &now) != 0) abort();
  constexpr off_t kBlock = 1 << 16;
  static thread_local char left[kBlock], right[kBlock];
  // What only grows is as it was up to where this process saw it end.
  static thread_local Seen seen;
  const bool grew = (flags & O_APPEND) != 0 && seen.file == now.st_ino && seen.size <= now.st_size;
  const off_t from = grew ? seen.size / kBlock * kBlock : 0;
  seen = {now.st_ino, now.st_size};
  for (off_t at = from; at < now.st_size; at += kBlock) {
    const ssize_t n = pread(source, left, kBlock, at);
    const ssize_t m = pread(copy, right, kBlock, at);
    if (n <= 0) break;
    if (n == m && memcmp(left, right, static_cast<std::size_t>(n)) == 0) continue;
    if (real<ssize_t(int, const void*, size_t, off_t)>("pwrite64")(copy, left, static_cast<std::size_t>(n), at) != n) abort();
  }
  if (real<int(int, off_t)>("ftruncate64")(copy, now.st_size) != 0) abort();
  close(copy);  // and unlocked
  if (unreadable) close(source);
}

// Where what was synced of `path` is kept. False: not at all.
bool name_of_copy(const char* path, char* copy) {
  if (folder() == nullptr || strlen(path) > 4000) return false;
  strcpy(copy, path);
  strcat(copy, ".synced");
  return true;
}

void forget(const char* path) {
  char copy[4100];
  if (name_of_copy(path, copy)) real<int(const char*)>("unlink")(copy);
}

// The name is taken for synced with the file: that it is journaled before what depends on it.
void move_copy(const char* from, const char* to) {
  char old_copy[4100], new_copy[4100];
  if (!name_of_copy(from, old_copy) || !name_of_copy(to, new_copy)) return;
  if (real<int(const char*, const char*)>("rename")(old_copy, new_copy) != 0) forget(to);
}

}  // namespace

extern "C" {

ssize_t pwrite64(int fd, const void* data, size_t size, off64_t at) {
  static auto* const next = real<ssize_t(int, const void*, size_t, off64_t)>("pwrite64");
  return refuse(fd) ? -1 : next(fd, data, size, at);
}
ssize_t pwrite(int fd, const void* data, size_t size, off_t at) { return pwrite64(fd, data, size, at); }

ssize_t write(int fd, const void* data, size_t size) {
  static auto* const next = real<ssize_t(int, const void*, size_t)>("write");
  return refuse(fd) ? -1 : next(fd, data, size);
}

int ftruncate64(int fd, off64_t size) noexcept {
  static auto* const next = real<int(int, off64_t)>("ftruncate64");
  return refuse(fd) ? -1 : next(fd, size);
}
int ftruncate(int fd, off_t size) noexcept { return ftruncate64(fd, size); }

int fdatasync(int fd) {
  static auto* const next = real<int(int)>("fdatasync");
  if (refuse(fd)) return -1;
  keep(fd);
  return next(fd);
}
int fsync(int fd) {
  static auto* const next = real<int(int)>("fsync");
  if (refuse(fd)) return -1;
  keep(fd);
  return next(fd);
}

int unlink(const char* path) noexcept {
  static auto* const next = real<int(const char*)>("unlink");
  forget(path);
  return next(path);
}
int rename(const char* from, const char* to) noexcept {
  static auto* const next = real<int(const char*, const char*)>("rename");
  const int result = next(from, to);
  if (result == 0) move_copy(from, to);
  return result;
}

}
