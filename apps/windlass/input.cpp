#include "input.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "exec/fd.hpp"

namespace windlass::app {
namespace {

// One byte more than is taken is enough to be refused: a never-ending input does not fill the memory.
Result<std::string> read_all(int fd, const std::string& name, std::size_t max) {
  std::string out;
  char buffer[64 << 10];
  while (out.size() <= max) {
    const ssize_t n = ::read(fd, buffer, sizeof buffer);
    if (n == 0) return out;
    if (n > 0)
      out.append(buffer, static_cast<std::size_t>(n));
    else if (errno != EINTR)
      return Error(ErrorCode::kInvalidArgument, "cannot read " + name + ": " + std::strerror(errno));
  }
  return out;
}

}  // namespace

Result<Payload> read_payload(const std::optional<std::string>& argument, std::size_t max) {
  if (!argument) return Payload();
  const bool from_file = argument->starts_with('@');
  if (!from_file && *argument != "-") return Payload(*argument);
  const std::string path = from_file ? argument->substr(1) : "standard input";
  const exec::Fd file(from_file ? ::open(path.c_str(), O_RDONLY | O_CLOEXEC) : ::dup(STDIN_FILENO));
  if (!file.open()) {
    return Error(ErrorCode::kInvalidArgument, "cannot open the payload file " + path + ": " + std::strerror(errno));
  }
  Result<std::string> bytes = read_all(file.get(), path, max);
  if (!bytes) return bytes.error();
  return Payload(*std::move(bytes));
}

}  // namespace windlass::app
