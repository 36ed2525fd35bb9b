#include "net/fd.hpp"

#include <sys/eventfd.h>

#include <cerrno>
#include <cstdint>
#include <system_error>

namespace windlass::net {

WakeFd::WakeFd() : fd_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  // Out of descriptors: as with memory, there is no way on for an object that cannot be made.
  if (fd_.get() < 0) throw std::system_error(errno, std::system_category(), "eventfd");
}

void WakeFd::wake() const {
  const std::uint64_t one = 1;
  // The only failure is a full counter, and then it is readable, which is all that is wanted.
  [[maybe_unused]] const auto written = ::write(fd_.get(), &one, sizeof one);
}

void WakeFd::drain() const {
  std::uint64_t count = 0;
  [[maybe_unused]] const auto got = ::read(fd_.get(), &count, sizeof count);
}

}  // namespace windlass::net
