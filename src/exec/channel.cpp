#include "exec/channel.hpp"

#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <string>

namespace windlass::exec {
namespace {

// Room for many small frames, and pieces of long ones: what is announced is not believed before it comes.
constexpr std::size_t kReadMin = 16 << 10;
constexpr std::size_t kReadMax = 1 << 20;

Error closed(const char* what) { return Error(ErrorCode::kClosed, std::string(what) + ": " + std::strerror(errno)); }

}  // namespace

Status Channel::send(const Frame& frame) {
  if (encoded_size_max(frame) > kFrameMax) {
    return Error(ErrorCode::kResourceExhausted, "more than the " + std::to_string(kFrameMax) +
                                                    " bytes that go between a server and its handler processes");
  }
  const std::string bytes = encode_frame(frame);
  for (std::size_t at = 0; at < bytes.size();) {
    const ssize_t n = ::send(socket_.get(), bytes.data() + at, bytes.size() - at, MSG_NOSIGNAL);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return closed("send");
    at += static_cast<std::size_t>(n);
  }
  return {};
}

Result<std::optional<Frame>> Channel::receive_ready() { return receive(MSG_DONTWAIT); }

Result<std::optional<Frame>> Channel::receive(int flags) {
  for (;;) {
    auto frame = reader_.next();
    if (!frame || *frame) return frame;
    const std::size_t size = std::clamp(reader_.wanted(), kReadMin, kReadMax);
    const ssize_t n = ::recv(socket_.get(), reader_.room(size), size, flags);
    if (n < 0 && errno == EINTR) continue;
    // The kernel says so when a socket is closed, by whatever end of its process, with bytes in it that nobody has read.
    left_unread_ = n < 0 && errno == ECONNRESET;
    over_ = n == 0 || left_unread_;
    if (over_ || (n < 0 && errno == EAGAIN)) return std::optional<Frame>();
    if (n < 0) return closed("receive");
    reader_.added(static_cast<std::size_t>(n));
  }
}

void Channel::shut_down() { ::shutdown(socket_.get(), SHUT_RDWR); }

Result<SocketPair> open_socket_pair() {
  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) {
    return Error(ErrorCode::kResourceExhausted, std::string("cannot open a socket pair: ") + std::strerror(errno));
  }
  return SocketPair{Fd(ends[0]), Fd(ends[1])};
}

}  // namespace windlass::exec
