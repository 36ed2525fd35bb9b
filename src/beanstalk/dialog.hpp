// Dialog: one connection's side of the protocol without the connection: which commands are on their way, and which
// reply belongs to which of them. Bytes in, bytes out; no I/O, no clock.
#pragma once

#include <cstddef>
#include <deque>
#include <optional>
#include <string>
#include <string_view>

#include <windlass/error.hpp>

#include "beanstalk/commands.hpp"
#include "beanstalk/reply.hpp"

namespace windlass::beanstalk {

struct Answer {
  Verb verb = Verb::kPut;
  Reply reply;
};

// Thread-compatible.
class Dialog {
 public:
  // Adds the commands to what is to be sent.
  void send(const Commands& commands);
  // What is to be written now; wrote() takes so much of it away.
  std::string_view output() const { return std::string_view(output_).substr(written_); }
  void wrote(std::size_t bytes);

  // Takes bytes that were read.
  void received(std::string_view bytes) { input_.append(bytes); }
  // The next whole answer; nothing if more bytes are needed.
  //
  // Errors: kCorrupt (not the protocol, or an answer that does not fit its command, or one to nothing). The dialog is
  // over then.
  Result<std::optional<Answer>> next();

  // Commands without an answer yet.
  std::size_t outstanding() const { return waiting_.size(); }

 private:
  std::string output_;
  std::size_t written_ = 0;
  std::string input_;
  std::size_t taken_ = 0;
  ReplyParser parser_;
  std::deque<Verb> waiting_;
};

}  // namespace windlass::beanstalk
