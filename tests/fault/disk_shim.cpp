// Preloaded into processes that use SQLite: a disk that can lose its power, be full, or be read-only.
//
// WINDLASS_DISK is a folder. For each file below it whose name begins with the prefix WINDLASS_DISK_FILE, what was synced is kept in
// NAME.synced; after all processes are killed, putting that in the file's place is what a loss of power leaves of it. The
// first byte of WINDLASS_DISK/mode says how writes go now: 0 well, 1 no space left, 2 read-only.
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
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
  const char* prefix = getenv("WINDLASS_DISK_FILE");
  if (folder() == nullptr || prefix == nullptr) return false;
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
  return strncmp(path, prefix, strlen(prefix)) == 0 && strstr(path, "-shm") == nullptr && strstr(path, ".synced") == nullptr;
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

// What a sync that begins now puts on the disk: at least what is in the file now.
void keep(int fd) {
  char path[4100];
  if (!is_ours(fd, path)) return;
  strcat(path, ".synced");
  const int copy = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (copy < 0) abort();
  flock(copy, LOCK_EX);
  struct stat now;
  if (fstat(fd, &now) != 0) abort();
  constexpr std::size_t kBlock = 1 << 16;
  static thread_local char left[kBlock], right[kBlock];
  for (off_t at = 0; at < now.st_size; at += kBlock) {
    const ssize_t n = pread(fd, left, kBlock, at);
    const ssize_t m = pread(copy, right, kBlock, at);
    if (n <= 0) break;
    if (n == m && memcmp(left, right, static_cast<std::size_t>(n)) == 0) continue;
    if (real<ssize_t(int, const void*, size_t, off_t)>("pwrite64")(copy, left, static_cast<std::size_t>(n), at) != n) abort();
  }
  if (real<int(int, off_t)>("ftruncate64")(copy, now.st_size) != 0) abort();
  close(copy);  // and unlocked
}

void forget(const char* path) {
  if (folder() == nullptr) return;
  char copy[4100];
  if (strlen(path) > 4000) return;
  strcpy(copy, path);
  strcat(copy, ".synced");
  real<int(const char*)>("unlink")(copy);
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

}
