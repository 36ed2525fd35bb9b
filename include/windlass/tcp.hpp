// TcpStream: a TCP connection of a coroutine handler.
//
//   auto stream = co_await windlass::TcpStream::connect("localhost", 8080);
//   if (!stream) co_return windlass::Outcome::fail(stream.error().message());
//   const windlass::Status sent = co_await stream->write("GET / HTTP/1.0\r\n\r\n");
//   std::array<char, 4096> buffer;
//   const windlass::Result<std::size_t> got = co_await stream->read_some(buffer);
//
// For TLS, HTTP and the like use a library that works on descriptors (windlass::readable), or Asio (windlass/asio.hpp).
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include <windlass/coroutine.hpp>
#include <windlass/error.hpp>

namespace windlass {

// Thread-compatible; one coroutine may read while another writes. Moving it is not for while something is awaited. When
// the run is told to stop, what is awaited throws Stopped.
class TcpStream {
 public:
  // Connects to host:port; tries each address that the name has, one after the other. The name is looked up by
  // on_thread(). TCP_NODELAY and keep-alive are on. Errors: kUnavailable with the last cause.
  static Async<Result<TcpStream>> connect(std::string host, std::uint16_t port);

  TcpStream(TcpStream&& other) noexcept;
  TcpStream& operator=(TcpStream&& other) noexcept;
  ~TcpStream();  // closes it

  // Waits for the next bytes and reads what is there, at most buffer.size(); 0: the peer has ended its side. The buffer
  // must outlive the call. Errors: kUnavailable (the connection is broken).
  Async<Result<std::size_t>> read_some(std::span<char> buffer);
  // Writes all of it. The bytes must outlive the call. Errors: as read_some; how much was written is unknown then.
  Async<Status> write(std::string_view bytes);

  // For readable() and writable(); stays the stream's.
  int fd() const { return fd_; }

 private:
  explicit TcpStream(int fd) : fd_(fd) {}

  int fd_ = -1;
};

}  // namespace windlass
