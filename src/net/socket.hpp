// Plain sockets as Transports, and what TLS builds on.
#pragma once

#include <sys/socket.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "net/fd.hpp"
#include "net/transport.hpp"

namespace windlass::net {

struct Address {
  sockaddr_storage storage{};
  socklen_t size = 0;
  const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage); }
};

// The addresses that the name has. Blocks as long as the resolver does. Errors: kUnavailable.
Result<std::vector<Address>> look_up(const std::string& host, std::uint16_t port);

// A non-blocking socket whose connection is there, or under way: then connect_result() tells of it once it is writable.
struct Connecting {
  Fd socket;
  bool under_way = false;
};
Result<Connecting> begin_connect(const sockaddr* address, socklen_t size);
Status connect_result(int socket);

// Connects to host:port; tries each address that the name has, one after the other, within the deadline. The look-up of the
// name is the resolver's own business and does not end at the deadline. TCP_NODELAY and keep-alive (a dead peer is noticed
// within about 30 s) are on.
//
// Errors: kUnavailable with the last cause.
Result<Fd> connect_tcp(const std::string& host, std::uint16_t port, Deadline deadline);

// Errors: kInvalidArgument (path too long), kUnavailable, kPermissionDenied.
Result<Fd> connect_unix(const std::string& path, Deadline deadline);

// REQUIRES: a connected, non-blocking stream socket.
std::unique_ptr<LoopTransport> make_socket_transport(Fd socket);

// Listens, non-blocking, on host:port (0: one that is free); the host is a name or an address, "" all of this machine's.
// Errors: kUnavailable (the port is taken, no such address), kPermissionDenied.
Result<Fd> listen_tcp(const std::string& host, std::uint16_t port);
std::uint16_t local_port(int socket);

struct Accepted {
  Fd socket;         // non-blocking; -1: nobody is there now
  std::string peer;  // its address, without the port
};
// Errors: kUnavailable (a connection that is gone again; out of descriptors: kResourceExhausted).
Result<Accepted> accept_tcp(int listener);

// Transport::wait() for a socket.
Result<Ready> wait_socket(int socket, Interest interest, int wake_fd, Deadline deadline);

// "read: Connection reset by peer" from errno.
Error system_error(const char* what, int number);

}  // namespace windlass::net
