#include <windlass/tcp.hpp>

#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <utility>
#include <vector>

#include "net/socket.hpp"

namespace windlass {
namespace {

bool would_block(int failure) { return failure == EAGAIN || failure == EWOULDBLOCK; }

Async<Result<net::Fd>> connect_to(const net::Address& address) {
  Result<net::Connecting> begun = net::begin_connect(address.get(), address.size);
  if (!begun) co_return begun.error();
  if (begun->under_way) {
    const Status ready = co_await writable(begun->socket.get());
    if (!ready) co_return ready.error();
    if (const Status connected = net::connect_result(begun->socket.get()); !connected) co_return connected.error();
  }
  co_return std::move(begun->socket);
}

}  // namespace

Async<Result<TcpStream>> TcpStream::connect(std::string host, std::uint16_t port) {
  const Result<std::vector<net::Address>> addresses = co_await on_thread([&] { return net::look_up(host, port); });
  Error last = addresses ? Error(ErrorCode::kUnavailable, "look-up: no address") : addresses.error();
  if (addresses) {
    for (const net::Address& address : *addresses) {
      Result<net::Fd> socket = co_await connect_to(address);
      if (socket) co_return TcpStream(socket->release());
      last = socket.error();
    }
  }
  co_return last.at(host + ":" + std::to_string(port));
}

TcpStream::TcpStream(TcpStream&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
TcpStream& TcpStream::operator=(TcpStream&& other) noexcept {
  std::swap(fd_, other.fd_);
  return *this;
}
TcpStream::~TcpStream() {
  if (fd_ >= 0) ::close(fd_);
}

Async<Result<std::size_t>> TcpStream::read_some(std::span<char> buffer) {
  for (;;) {
    const ssize_t n = ::recv(fd_, buffer.data(), buffer.size(), 0);
    if (n >= 0) co_return static_cast<std::size_t>(n);
    if (errno == EINTR) continue;
    if (!would_block(errno)) co_return net::system_error("read", errno);
    const Status ready = co_await readable(fd_);
    if (!ready) co_return ready.error();
  }
}

Async<Status> TcpStream::write(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t n = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (n >= 0) {
      bytes.remove_prefix(static_cast<std::size_t>(n));
      continue;
    }
    if (errno == EINTR) continue;
    if (!would_block(errno)) co_return net::system_error("write", errno);
    const Status ready = co_await writable(fd_);
    if (!ready) co_return ready.error();
  }
  co_return Status();
}

}  // namespace windlass
