#include "beanstalk/connection.hpp"

#include <span>

#include "net/socket.hpp"

namespace windlass::beanstalk {
namespace {

constexpr std::size_t kReadBytes = 64 * 1024;

Error timed_out() { return Error(ErrorCode::kUnavailable, "no answer in time"); }

}  // namespace

Connection::Connection(std::unique_ptr<net::Transport> transport, std::string name)
    : transport_(std::move(transport)), name_("beanstalkd " + std::move(name)), buffer_(kReadBytes, '\0') {}

Result<std::unique_ptr<Connection>> Connection::open(const Address& address, const std::string& name,
                                                     net::Deadline deadline) {
  Result<net::Fd> socket = net::connect_tcp(address.host, address.port, deadline);
  if (!socket) return socket.error().at("beanstalkd " + name);
  return std::make_unique<Connection>(net::make_socket_transport(*std::move(socket)), name);
}

Result<Answers> Connection::call(const Commands& commands, net::Deadline deadline) {
  if (Status started = start(commands); !started) return started.error();
  return receive_all(deadline);
}

Status Connection::start(const Commands& commands) {
  dialog_.send(commands);
  const Result<bool> wrote = write_some();
  if (!wrote) return wrote.error();
  return {};
}

Status Connection::flush(net::Deadline deadline) {
  while (!dialog_.output().empty()) {
    // Answers are read meanwhile: a server whose answers nobody takes stops reading, too.
    const Result<net::Ready> ready = transport_->wait({.read = true, .write = true}, -1, deadline);
    if (!ready) return ready.error().at(name_);
    if (!ready->read && !ready->write) return timed_out().at(name_);
    if (ready->read) {
      if (Status read = read_some(); !read) return read;
    }
    if (const Result<bool> wrote = write_some(); !wrote) return wrote.error();
  }
  return {};
}

Result<std::optional<Answer>> Connection::receive(int wake_fd, net::Deadline deadline) {
  for (;;) {
    Result<std::optional<Answer>> answer = dialog_.next();
    if (!answer) return answer.error().at(name_);
    if (*answer) return answer;
    const Result<net::Ready> ready = transport_->wait({.read = true}, wake_fd, deadline);
    if (!ready) return ready.error().at(name_);
    if (!ready->read) return std::optional<Answer>();
    if (Status read = read_some(); !read) return read.error();
  }
}

Result<Answers> Connection::receive_all(net::Deadline deadline) {
  if (Status sent = flush(deadline); !sent) return sent.error();
  Answers answers;
  answers.reserve(outstanding());
  while (outstanding() > 0) {
    Result<std::optional<Answer>> answer = receive(-1, deadline);
    if (!answer) return answer.error();
    if (!*answer) return timed_out().at(name_);
    answers.push_back(**std::move(answer));
  }
  return answers;
}

// False: no room now.
Result<bool> Connection::write_some() {
  while (!dialog_.output().empty()) {
    const Result<std::size_t> n = transport_->write_some(dialog_.output());
    if (!n) return n.error().at(name_);
    if (*n == 0) return false;
    dialog_.wrote(*n);
  }
  return true;
}

Status Connection::read_some() {
  const Result<std::size_t> n = transport_->read_some(std::span(buffer_));
  if (!n) return n.error().at(name_);
  dialog_.received(std::string_view(buffer_).substr(0, *n));
  return {};
}

}  // namespace windlass::beanstalk
