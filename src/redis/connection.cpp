#include "redis/connection.hpp"

#include <algorithm>

#include "net/socket.hpp"
#include "redis/error_reply.hpp"

namespace windlass::redis {
namespace {

constexpr std::size_t kReadBytes = 16 * 1024;
constexpr std::string_view kClientName = "windlass";

Error timed_out(std::string_view what) {
  return Error(ErrorCode::kUnavailable, std::string(what) + ": no answer in time");
}

// HELLO itself is refused: by an old Redis, a proxy, or an ACL.
bool hello_refused(const Value& reply) {
  return is_error_with(reply, "NOPROTO") || is_error_with(reply, "NOPERM") ||
         (reply.is_error() && to_error(reply).code() == ErrorCode::kUnsupported);
}

Pipeline hello(const Credentials& login) {
  Pipeline p;
  const bool authenticate = !login.empty();
  p.begin("HELLO", authenticate ? 6 : 3).arg(3);
  if (authenticate) p.arg("AUTH").arg(login.username.empty() ? "default" : login.username).arg(login.password);
  p.arg("SETNAME").arg(kClientName);
  return p;
}

// What follows once the user is known. The replies of PING tell whether the node is ready, that of SETNAME does not matter.
struct Rest {
  Pipeline commands;
  std::size_t select = 0;  // position, 0: none
  std::size_t ping = 0;
};

Rest resp2_login(const Credentials& login) {
  Rest rest;
  if (!login.empty() && !login.username.empty()) rest.commands.add("AUTH", login.username, login.password);
  if (!login.empty() && login.username.empty()) rest.commands.add("AUTH", login.password);
  rest.commands.add("CLIENT", "SETNAME", kClientName);
  return rest;
}

void select_and_ping(Rest& rest, int db) {
  if (db != 0) {
    rest.select = rest.commands.size();
    rest.commands.add("SELECT", db);
  }
  rest.ping = rest.commands.size();
  rest.commands.add("PING");
}

Status check(const Rest& rest, const Replies& replies) {
  if (rest.select != 0 && replies[rest.select].is_error()) return to_error(replies[rest.select]);
  const Value ping = replies[rest.ping];
  if (is_error_with(ping, "LOADING") || is_error_with(ping, "NOAUTH")) return to_error(ping);
  return {};
}

Status log_in_resp2(Connection& connection, const Credentials& login, int db, net::Deadline deadline) {
  Rest rest = resp2_login(login);
  select_and_ping(rest, db);
  Result<Replies> replies = connection.call(rest.commands, deadline);
  if (!replies) return replies.error();
  if (!login.empty() && (*replies)[0].is_error()) return to_error((*replies)[0]);
  return check(rest, *replies);
}

Status log_in(Connection& connection, const Credentials& login, int db, int protocol, net::Deadline deadline) {
  if (protocol == 2) return log_in_resp2(connection, login, db, deadline);
  Rest rest;
  rest.commands = hello(login);
  select_and_ping(rest, db);
  Result<Replies> replies = connection.call(rest.commands, deadline);
  if (!replies) return replies.error();
  if (!(*replies)[0].is_error()) {
    connection.set_resp3();
    return check(rest, *replies);
  }
  if (hello_refused((*replies)[0])) return log_in_resp2(connection, login, db, deadline);
  return to_error((*replies)[0]);
}

}  // namespace

Connection::Connection(std::unique_ptr<net::Transport> transport, std::string name)
    : transport_(std::move(transport)), name_(std::move(name)) {}

Result<Replies> Connection::call(const Pipeline& commands, net::Deadline deadline) {
  const ErrorCode lost = commands.all_idempotent() ? ErrorCode::kUnavailable : ErrorCode::kUnknownOutcome;
  if (Status sent = send(commands, deadline); !sent) return Error(lost, sent.error().message());
  Replies replies;
  Replies one;
  while (replies.size() < commands.size()) {
    Result<Received> received = next_message(one, -1, deadline);
    if (!received) {
      return received.error().code() == ErrorCode::kUnavailable ? Error(lost, received.error().message()) : received.error();
    }
    if (*received == Received::kTimeout) return Error(lost, timed_out(name_).message());
    Replies& into = *received == Received::kPush ? pushes_ : replies;
    into.append(one[0]);
  }
  return replies;
}

Status Connection::send(const Pipeline& commands, net::Deadline deadline) {
  std::string_view bytes = commands.bytes();
  while (!bytes.empty()) {
    Result<std::size_t> n = transport_->write_some(bytes);
    if (!n) return n.error().at(name_);
    bytes.remove_prefix(*n);
    if (*n > 0) continue;
    Result<net::Ready> ready = transport_->wait({.write = true}, -1, deadline);
    if (!ready) return ready.error().at(name_);
    if (!ready->write) return timed_out(name_);
  }
  return {};
}

Result<Received> Connection::receive(Replies& into, int wake_fd, net::Deadline deadline) {
  if (pushes_.empty()) return next_message(into, wake_fd, deadline);
  std::swap(into, pushes_);
  pushes_.clear();
  return Received::kPush;
}

Result<Received> Connection::next_message(Replies& into, int wake_fd, net::Deadline deadline) {
  for (;;) {
    Result<bool> whole = parse_next(into);
    if (!whole) return whole.error();
    if (*whole) return into[0].type() == Type::kPush ? Received::kPush : Received::kReply;
    Result<net::Ready> ready = transport_->wait({.read = true}, wake_fd, deadline);
    if (!ready) return ready.error().at(name_);
    if (ready->woken) return Received::kWoken;
    if (!ready->read) return Received::kTimeout;
    input_.resize(kReadBytes);
    input_taken_ = 0;
    Result<std::size_t> n = transport_->read_some(input_);
    input_.resize(n ? *n : 0);
    if (!n) return n.error().at(name_);
  }
}

Result<bool> Connection::parse_next(Replies& into) {
  std::string_view rest = std::string_view(input_).substr(input_taken_);
  const Parser::Outcome outcome = parser_.parse(rest, message_);
  input_taken_ = input_.size() - rest.size();
  if (outcome == Parser::Outcome::kBroken) return Error(ErrorCode::kCorrupt, parser_.error()).at(name_);
  if (outcome == Parser::Outcome::kNeedMore) return false;
  std::swap(into, message_);
  message_.clear();
  return true;
}

std::unique_ptr<net::Transport> Connection::take_transport() {
  const bool clean = parser_.between_messages() && input_taken_ == input_.size() && pushes_.empty();
  return clean ? std::move(transport_) : nullptr;
}

Result<std::shared_ptr<const Connector>> Connector::open(const Config& config) {
  std::shared_ptr<Connector> connector(new Connector(config));
  if (config.tls) {
    Result<std::shared_ptr<const net::TlsContext>> tls = net::TlsContext::open(*config.tls);
    if (!tls) return tls.error();
    connector->tls_ = *std::move(tls);
  }
  return std::shared_ptr<const Connector>(std::move(connector));
}

Result<ConnectionPtr> Connector::to_node(const Endpoint& endpoint, net::Deadline deadline) const {
  Result<ConnectionPtr> connection = open_to(endpoint, config_.login, config_.db, deadline);
  if (connection) opened_.fetch_add(1, std::memory_order_relaxed);
  return connection;
}

Result<ConnectionPtr> Connector::to_sentinel(const Endpoint& endpoint, net::Deadline deadline) const {
  return open_to(endpoint, config_.sentinel_login, 0, deadline);
}

Result<ConnectionPtr> Connector::open_to(const Endpoint& endpoint, const Credentials& login, int db,
                                         net::Deadline deadline) const {
  const std::string name = "redis " + endpoint.address();
  deadline = std::min(deadline, net::after(config_.connect_timeout));
  Result<std::unique_ptr<net::Transport>> transport = open_transport(endpoint, deadline);
  if (!transport) return transport.error().at(name);
  auto connection = std::make_unique<Connection>(*std::move(transport), name);
  Status ready = log_in(*connection, login, db, config_.protocol, deadline);
  if (ready) return connection;
  // Nothing that matters was asked of it yet.
  if (ready.error().code() == ErrorCode::kUnknownOutcome) return Error(ErrorCode::kUnavailable, ready.error().message());
  return ready.error().message().starts_with(name) ? ready.error() : ready.error().at(name);
}

Result<std::unique_ptr<net::Transport>> Connector::open_transport(const Endpoint& endpoint, net::Deadline deadline) const {
  Result<net::Fd> socket = endpoint.unix_path.empty() ? net::connect_tcp(endpoint.host, endpoint.port, deadline)
                                                      : net::connect_unix(endpoint.unix_path, deadline);
  if (!socket) return socket.error();
  if (tls_) return tls_->handshake(*std::move(socket), endpoint.host, deadline);
  return std::unique_ptr<net::Transport>(net::make_socket_transport(*std::move(socket)));
}

}  // namespace windlass::redis
