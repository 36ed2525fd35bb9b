// Channel: frames over one stream socket, for both ends.
#pragma once

#include <optional>

#include "exec/fd.hpp"
#include "exec/frames.hpp"

namespace windlass::exec {

// send() and receive() may be called at the same time, each by one thread.
class Channel {
 public:
  explicit Channel(Fd socket) : socket_(std::move(socket)) {}

  // Blocks until all is sent. Errors: kClosed (the other end is gone; the cause), kResourceExhausted (longer than
  // kFrameMax).
  Status send(const Frame& frame);
  // Blocks for the next frame; nothing when the other end is gone. Errors: kCorrupt, kClosed (this socket is not one
  // any more).
  Result<std::optional<Frame>> receive() { return receive(0); }
  // The next frame if it is there; nothing if it is not, or not whole. At the end of the stream, and only there,
  // is_over() says so. Errors: as receive().
  Result<std::optional<Frame>> receive_ready();
  bool is_over() const { return over_; }
  // Then: the other end has left something unread of what was sent last.
  bool left_unread() const { return left_unread_; }

  int fd() const { return socket_.get(); }
  // The other end sees the end of the stream, and so does receive().
  void shut_down();

 private:
  Result<std::optional<Frame>> receive(int flags);

  const Fd socket_;
  FrameReader reader_;
  bool over_ = false, left_unread_ = false;  // of the receiver
};

// Two connected sockets, closed on exec. Errors: kResourceExhausted.
struct SocketPair {
  Fd ours, theirs;
};
Result<SocketPair> open_socket_pair();

}  // namespace windlass::exec
