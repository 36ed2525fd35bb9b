#include "http/loop.hpp"

#include <ctime>
#include <exception>

#include <windlass/log.hpp>

#include "http/connection.hpp"
#include "http/gzip.hpp"
#include "net/socket.hpp"
#include "net/tls.hpp"

namespace windlass::http {
namespace {

// After the process ran out of descriptors.
constexpr Duration kAcceptPause = std::chrono::milliseconds(100);
constexpr int kAcceptsAtOnce = 64;
constexpr std::size_t kCompressMin = 1400;  // what fits into one packet anyway

bool compressible(const Response& response) {
  const std::string* type = response.header("content-type");
  return type && response.body.size() >= kCompressMin && !response.header("content-encoding") && !response.opened &&
         (type->starts_with("text/") || type->starts_with("application/json"));
}

void compress(const Request& request, Response& response) {
  if (!compressible(response)) return;
  response.set("Vary", "Accept-Encoding");
  const std::string* encodings = request.header("accept-encoding");
  if (!encodings || !list_accepts(*encodings, "gzip")) return;
  response.body = gzip(response.body, 1);
  response.set("Content-Encoding", "gzip");
}

Response call(const Handler& handler, Request& request) {
  try {
    Response response = handler(request);
    compress(request, response);
    return response;
  } catch (const std::exception& thrown) {
    log_error(std::string("http: a handler threw: ") + thrown.what(), {{"path", request.path}});
  } catch (...) {
    log_error("http: a handler threw", {{"path", request.path}});
  }
  return Response::text(500, "something went wrong in the server; its log says what\n");
}

}  // namespace

void Mailbox::post(std::function<void()> job) {
  base::Lock lock(mu_);
  if (!reactor_) return;
  jobs_.push_back(std::move(job));
  if (jobs_.size() == 1) reactor_->wake();
}

std::vector<std::function<void()>> Mailbox::take() {
  base::Lock lock(mu_);
  return std::exchange(jobs_, {});
}

void Mailbox::close() {
  std::vector<std::function<void()>> dropped;
  base::Lock lock(mu_);
  reactor_ = nullptr;
  dropped.swap(jobs_);
}

Loop::Loop(const ServerConfig& config, const Handler& handler, Workers& workers, base::Clock& clock, net::Fd listener)
    : config_(config), handler_(handler), workers_(workers), clock_(clock), reactor_(clock),
      mailbox_(std::make_shared<Mailbox>(reactor_)), listener_(std::move(listener)) {
  accept_event_.come = [this] { accept(); };
  retry_event_.come = [this] { listen_again(); };
  stop_event_.come = [this] { over_ = true; };
  listen_again();
  thread_ = std::thread([this] { run(); });
}

Loop::~Loop() { stop(); }

void Loop::stop() {
  if (!thread_.joinable()) return;
  mailbox_->post([this] { begin_stop(); });
  thread_.join();
}

std::string Loop::date() const {
  const std::time_t now = std::chrono::system_clock::to_time_t(
      std::chrono::time_point_cast<std::chrono::system_clock::duration>(clock_.now()));
  std::tm parts{};
  ::gmtime_r(&now, &parts);
  char text[64];
  std::strftime(text, sizeof text, "%a, %d %b %Y %H:%M:%S GMT", &parts);
  return text;
}

bool Loop::serve(std::uint64_t connection, Request request) {
  auto job = [mailbox = mailbox_, &loop = *this, &handler = handler_, connection,
              request = std::make_shared<Request>(std::move(request))] {
    auto response = std::make_shared<Response>(call(handler, *request));
    const bool head_only = request->method == "HEAD";
    mailbox->post([&loop, connection, response, head_only] {
      if (Connection* found = loop.find(connection)) found->respond(std::move(*response), head_only);
    });
  };
  return workers_.submit(std::move(job));
}

Connection* Loop::find(std::uint64_t connection) {
  const auto found = connections_.find(connection);
  return found == connections_.end() ? nullptr : found->second.get();
}

void Loop::close(std::uint64_t connection) {
  const auto found = connections_.find(connection);
  if (found == connections_.end()) return;
  closed_.push_back(std::move(found->second));
  connections_.erase(found);
  count_ = connections_.size();
}

void Loop::listen_again() {
  if (stopping_) return;
  if (Status waiting = reactor_.add_fd(listener_.get(), net::Direction::kRead, &accept_event_); !waiting) {
    log_error("http: " + waiting.error().message());
  }
}

void Loop::accept() {
  if (stopping_) return;
  for (int i = 0; i < kAcceptsAtOnce; ++i) {
    Result<net::Accepted> accepted = net::accept_tcp(listener_.get());
    if (!accepted && accepted.error().code() == ErrorCode::kResourceExhausted) {
      log_warn("http: " + accepted.error().message());
      reactor_.add_timer(now() + kAcceptPause, &retry_event_);
      return;
    }
    if (!accepted) continue;
    if (accepted->socket.get() < 0) break;
    if (connections_.size() >= config_.connections_max) continue;
    std::unique_ptr<net::LoopTransport> transport;
    if (config_.tls) {
      auto secured = config_.tls->accept(std::move(accepted->socket));
      if (!secured) continue;
      transport = *std::move(secured);
    } else {
      transport = net::make_socket_transport(std::move(accepted->socket));
    }
    const std::uint64_t id = next_id_++;
    auto& connection = connections_[id];
    connection = std::make_unique<Connection>(*this, id, std::move(transport), std::move(accepted->peer));
    count_ = connections_.size();
    connection->go_on();
  }
  listen_again();
}

void Loop::begin_stop() {
  stopping_ = true;
  reactor_.remove_fd(listener_.get(), net::Direction::kRead);
  listener_ = net::Fd();
  reactor_.add_timer(now() + config_.stop_timeout, &stop_event_);
  std::vector<std::uint64_t> ids;
  for (const auto& [id, connection] : connections_) ids.push_back(id);
  for (const std::uint64_t id : ids) {
    if (Connection* connection = find(id)) connection->stop();
  }
}

void Loop::run() {
  std::vector<net::Reactor::Tag> come;
  while (!over_ && !(stopping_ && connections_.empty())) {
    come.clear();
    reactor_.wait(come, true);
    for (net::Reactor::Tag tag : come) static_cast<Event*>(tag)->come();
    for (auto& job : mailbox_->take()) job();
    closed_.clear();
  }
  end();
}

void Loop::end() {
  mailbox_->close();
  for (auto& [id, connection] : connections_) connection->abandon();
  connections_.clear();
  count_ = 0;
}

}  // namespace windlass::http
