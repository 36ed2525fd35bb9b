#include "net/socket.hpp"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <system_error>

namespace windlass::net {
namespace {

// To the nanosecond: delayed tasks are waited for by this.
timespec poll_timeout(Deadline deadline) {
  using std::chrono::nanoseconds;
  constexpr nanoseconds kLongest = std::chrono::hours(1);
  const auto left = std::clamp<nanoseconds>(deadline - std::chrono::steady_clock::now(), nanoseconds::zero(), kLongest);
  return {left.count() / 1'000'000'000, left.count() % 1'000'000'000};
}

class SocketTransport final : public LoopTransport {
 public:
  explicit SocketTransport(Fd socket) : socket_(std::move(socket)) {}

  Result<std::size_t> read_some(std::span<char> buffer) override {
    for (;;) {
      const ssize_t n = ::recv(socket_.get(), buffer.data(), buffer.size(), 0);
      if (n > 0) return static_cast<std::size_t>(n);
      if (n == 0) return Error(ErrorCode::kUnavailable, "connection closed by the peer");
      if (errno == EAGAIN || errno == EWOULDBLOCK) return std::size_t{0};
      if (errno != EINTR) return system_error("read", errno);
    }
  }

  Result<std::size_t> write_some(std::string_view bytes) override {
    for (;;) {
      const ssize_t n = ::send(socket_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (n >= 0) return static_cast<std::size_t>(n);
      if (errno == EAGAIN || errno == EWOULDBLOCK) return std::size_t{0};
      if (errno != EINTR) return system_error("write", errno);
    }
  }

  Result<Ready> wait(Interest interest, int wake_fd, Deadline deadline) override {
    return wait_socket(socket_.get(), interest, wake_fd, deadline);
  }

  void shutdown() override { ::shutdown(socket_.get(), SHUT_RDWR); }
  Interest needs(Interest interest) override { return interest; }
  int descriptor() const override { return socket_.get(); }
  void shutdown_write() override { ::shutdown(socket_.get(), SHUT_WR); }

 private:
  const Fd socket_;
};

void set_option(int socket, int level, int option, int value) {
  // Tuning only: a socket without it works.
  (void)::setsockopt(socket, level, option, &value, sizeof value);
}

void tune_tcp(int socket) {
  set_option(socket, IPPROTO_TCP, TCP_NODELAY, 1);
  set_option(socket, SOL_SOCKET, SO_KEEPALIVE, 1);
  set_option(socket, IPPROTO_TCP, TCP_KEEPIDLE, 15);
  set_option(socket, IPPROTO_TCP, TCP_KEEPINTVL, 5);
  set_option(socket, IPPROTO_TCP, TCP_KEEPCNT, 3);
}

Result<Fd> connect_to(const sockaddr* address, socklen_t size, Deadline deadline) {
  Result<Connecting> begun = begin_connect(address, size);
  if (!begun) return begun.error();
  if (begun->under_way) {
    Result<Ready> ready = wait_socket(begun->socket.get(), {.write = true}, -1, deadline);
    if (!ready) return ready.error();
    if (!ready->write) return Error(ErrorCode::kUnavailable, "connect: timed out");
    if (Status connected = connect_result(begun->socket.get()); !connected) return connected.error();
  }
  return std::move(begun->socket);
}

}  // namespace

Error system_error(const char* what, int number) {
  const ErrorCode code = number == EACCES || number == EPERM ? ErrorCode::kPermissionDenied : ErrorCode::kUnavailable;
  return Error(code, std::system_category().message(number)).at(what);
}

Result<Ready> wait_socket(int socket, Interest interest, int wake_fd, Deadline deadline) {
  short events = 0;
  if (interest.read) events |= POLLIN;
  if (interest.write) events |= POLLOUT;
  pollfd fds[2] = {{socket, events, 0}, {wake_fd, POLLIN, 0}};
  for (;;) {
    const timespec timeout = poll_timeout(deadline);
    const int n = ::ppoll(fds, wake_fd >= 0 ? 2 : 1, &timeout, nullptr);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return system_error("poll", errno);
    if (n == 0 && std::chrono::steady_clock::now() < deadline) continue;
    // Errors and hang-ups show at the next read or write.
    const bool over = (fds[0].revents & (POLLERR | POLLHUP | POLLNVAL)) != 0;
    return Ready{interest.read && (over || (fds[0].revents & POLLIN) != 0),
                 interest.write && (over || (fds[0].revents & POLLOUT) != 0), wake_fd >= 0 && fds[1].revents != 0};
  }
}

Result<Connecting> begin_connect(const sockaddr* address, socklen_t size) {
  Fd socket(::socket(address->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (socket.get() < 0) return system_error("socket", errno);
  const bool connected = ::connect(socket.get(), address, size) == 0;
  // EAGAIN is a unix socket whose backlog is full: nothing is under way that one could wait for.
  if (!connected && errno != EINPROGRESS) return system_error("connect", errno);
  if (address->sa_family != AF_UNIX) tune_tcp(socket.get());
  return Connecting{std::move(socket), !connected};
}

Status connect_result(int socket) {
  int failure = 0;
  socklen_t length = sizeof failure;
  if (::getsockopt(socket, SOL_SOCKET, SO_ERROR, &failure, &length) != 0) failure = errno;
  if (failure != 0) return system_error("connect", failure);
  return {};
}

namespace {

Result<std::vector<Address>> get_addresses(const char* host, std::uint16_t port, int flags) {
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_NUMERICSERV | flags;
  addrinfo* found = nullptr;
  const int failure = ::getaddrinfo(host, std::to_string(port).c_str(), &hints, &found);
  if (failure != 0) return Error(ErrorCode::kUnavailable, std::string("look-up: ") + ::gai_strerror(failure));
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> owner(found, &::freeaddrinfo);
  std::vector<Address> addresses;
  for (const addrinfo* at = owner.get(); at; at = at->ai_next) {
    Address& address = addresses.emplace_back();
    std::memcpy(&address.storage, at->ai_addr, at->ai_addrlen);
    address.size = at->ai_addrlen;
  }
  return addresses;
}

Result<Fd> listen_on(const Address& address) {
  Fd socket(::socket(address.storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (socket.get() < 0) return system_error("socket", errno);
  // A server that starts again takes its port back although old connections linger.
  set_option(socket.get(), SOL_SOCKET, SO_REUSEADDR, 1);
  if (::bind(socket.get(), address.get(), address.size) != 0) return system_error("bind", errno);
  if (::listen(socket.get(), SOMAXCONN) != 0) return system_error("listen", errno);
  return socket;
}

std::string address_text(const sockaddr_storage& storage) {
  char text[INET6_ADDRSTRLEN] = "";
  if (storage.ss_family == AF_INET) {
    ::inet_ntop(AF_INET, &reinterpret_cast<const sockaddr_in&>(storage).sin_addr, text, sizeof text);
    return text;
  }
  const in6_addr& address = reinterpret_cast<const sockaddr_in6&>(storage).sin6_addr;
  if (IN6_IS_ADDR_V4MAPPED(&address)) ::inet_ntop(AF_INET, &address.s6_addr[12], text, sizeof text);
  else ::inet_ntop(AF_INET6, &address, text, sizeof text);
  return text;
}

}  // namespace

Result<std::vector<Address>> look_up(const std::string& host, std::uint16_t port) {
  return get_addresses(host.c_str(), port, AI_ADDRCONFIG);
}

Result<Fd> listen_tcp(const std::string& host, std::uint16_t port) {
  const Result<std::vector<Address>> addresses = get_addresses(host.empty() ? nullptr : host.c_str(), port, AI_PASSIVE);
  if (!addresses) return addresses.error();
  Error last(ErrorCode::kUnavailable, "look-up: no address");
  for (const Address& address : *addresses) {
    Result<Fd> socket = listen_on(address);
    if (socket) return socket;
    last = socket.error();
  }
  return last;
}

std::uint16_t local_port(int socket) {
  sockaddr_storage address{};
  socklen_t size = sizeof address;
  if (::getsockname(socket, reinterpret_cast<sockaddr*>(&address), &size) != 0) return 0;
  return ntohs(address.ss_family == AF_INET6 ? reinterpret_cast<const sockaddr_in6&>(address).sin6_port
                                             : reinterpret_cast<const sockaddr_in&>(address).sin_port);
}

Result<Accepted> accept_tcp(int listener) {
  sockaddr_storage address{};
  socklen_t size = sizeof address;
  Fd socket(::accept4(listener, reinterpret_cast<sockaddr*>(&address), &size, SOCK_NONBLOCK | SOCK_CLOEXEC));
  if (socket.get() < 0) {
    if (errno == EAGAIN || errno == EWOULDBLOCK) return Accepted{};
    const bool exhausted = errno == EMFILE || errno == ENFILE || errno == ENOMEM || errno == ENOBUFS;
    if (exhausted) return Error(ErrorCode::kResourceExhausted, system_error("accept", errno).message());
    return system_error("accept", errno);
  }
  tune_tcp(socket.get());
  return Accepted{std::move(socket), address_text(address)};
}

Result<Fd> connect_tcp(const std::string& host, std::uint16_t port, Deadline deadline) {
  const Result<std::vector<Address>> addresses = look_up(host, port);
  if (!addresses) return addresses.error();
  Error last(ErrorCode::kUnavailable, "look-up: no address");
  for (const Address& address : *addresses) {
    Result<Fd> socket = connect_to(address.get(), address.size, deadline);
    if (socket) return socket;
    last = socket.error();
  }
  return Error(ErrorCode::kUnavailable, last.message());
}

Result<Fd> connect_unix(const std::string& path, Deadline deadline) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) {
    return Error(ErrorCode::kInvalidArgument,
                 "path of a unix socket may have at most " + std::to_string(sizeof address.sun_path - 1) + " bytes");
  }
  std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
  return connect_to(reinterpret_cast<const sockaddr*>(&address), sizeof address, deadline);
}

std::unique_ptr<LoopTransport> make_socket_transport(Fd socket) {
  return std::make_unique<SocketTransport>(std::move(socket));
}

}  // namespace windlass::net
