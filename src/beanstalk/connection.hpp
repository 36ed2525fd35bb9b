// Connection: one connection to one beanstalkd, used by one thread at a time. Commands are pipelined: whatever is sent
// together is one write, and the answers come in order.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "beanstalk/dialog.hpp"
#include "beanstalk/names.hpp"
#include "net/transport.hpp"

namespace windlass::beanstalk {

using Answers = std::vector<Answer>;

// Confined to one thread at a time. After an Error from any call it is of no more use: what was sent may or may not
// have been done.
class Connection {
 public:
  // `name` ("127.0.0.1:11300") stands in error messages.
  Connection(std::unique_ptr<net::Transport> transport, std::string name);

  // Errors: kUnavailable.
  static Result<std::unique_ptr<Connection>> open(const Address& address, const std::string& name,
                                                  net::Deadline deadline);

  // Sends the commands and returns as many answers. Errors: kUnavailable (connection lost, no answer in time),
  // kCorrupt.
  Result<Answers> call(const Commands& commands, net::Deadline deadline);

  // The same in pieces. start() writes what there is room for without waiting; flush() the rest.
  Status start(const Commands& commands);
  Status flush(net::Deadline deadline);
  // Waits for the next answer. Nothing: the deadline has come, or `wake_fd` (-1: none) is readable.
  Result<std::optional<Answer>> receive(int wake_fd, net::Deadline deadline);
  // As many answers as are outstanding.
  Result<Answers> receive_all(net::Deadline deadline);

  std::size_t outstanding() const { return dialog_.outstanding(); }
  const std::string& name() const { return name_; }

 private:
  Result<bool> write_some();
  Status read_some();

  std::unique_ptr<net::Transport> transport_;
  std::string name_;
  std::string buffer_;
  Dialog dialog_;
};

}  // namespace windlass::beanstalk
