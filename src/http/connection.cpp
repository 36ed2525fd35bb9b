#include "http/connection.hpp"

#include <array>
#include <utility>

namespace windlass::http {
namespace {

constexpr std::size_t kReadsAtOnce = 16;
constexpr std::size_t kReadSize = 64 << 10;
constexpr Duration kLingerTimeout = std::chrono::seconds(2);

SharedBytes share(std::string bytes) { return std::make_shared<const std::string>(std::move(bytes)); }

}  // namespace

Connection::Connection(Loop& loop, std::uint64_t id, std::unique_ptr<net::LoopTransport> transport, std::string peer)
    : loop_(loop), id_(id), transport_(std::move(transport)), peer_(std::move(peer)), parser_(loop.config().limits),
      since_(loop.now()) {
  read_event_.come = [this] {
    waits_read_ = false;
    go_on();
  };
  write_event_.come = [this] {
    waits_write_ = false;
    go_on();
  };
  timer_event_.come = [this] {
    // It may come in one round with an event that moved the timer.
    if (timer_ == Duration::zero() || loop_.now() < timer_) return;
    set_timer({});
    time_is_up();
  };
}

Connection::~Connection() = default;

void Connection::go_on() {
  if (closed_) return;
  if (!write() || !read() || !write()) {
    close();
    return;
  }
  if (!closed_) wait_again();
}

bool Connection::read() {
  std::array<char, kReadSize> buffer;
  for (std::size_t i = 0; i < kReadsAtOnce; ++i) {
    if (phase_ == Phase::kRequest && take_request()) return true;
    if (phase_ == Phase::kHandling || phase_ == Phase::kResponse) return true;
    const Result<std::size_t> n = transport_->read_some(buffer);
    if (!n) return false;
    if (*n == 0) return true;
    if (phase_ == Phase::kRequest) input_.append(buffer.data(), *n);
  }
  // Others have their turn now; but what has come may be a whole request, after which nothing more comes.
  if (phase_ == Phase::kRequest) take_request();
  return true;
}

bool Connection::take_request() {
  if (!parser_.begun() && !input_.empty()) since_ = loop_.now();
  input_.erase(0, parser_.feed(input_));
  if (const auto failure = parser_.failed()) {
    keep_alive_ = false;
    answer(*failure, false);
    return true;
  }
  if (parser_.take_expect()) queue(share("HTTP/1.1 100 Continue\r\n\r\n"), false);
  if (!parser_.done()) return false;
  Request request = parser_.take();
  request.peer = peer_;
  request.tls = loop_.config().tls != nullptr;
  keep_alive_ = request.keep_alive && !loop_.stopping();
  phase_ = Phase::kHandling;
  if (!loop_.serve(id_, std::move(request))) {
    keep_alive_ = false;
    answer(Response::text(503, "too many requests are waiting\n").set("Retry-After", "1"), false);
  }
  return true;
}

void Connection::respond(Response response, bool head_only) {
  if (closed_ || phase_ != Phase::kHandling) return;
  answer(std::move(response), head_only);
  go_on();
}

void Connection::answer(Response response, bool head_only) {
  since_ = loop_.now();
  const bool streams = response.opened && !head_only;
  if (streams || loop_.stopping()) keep_alive_ = false;
  const bool has_length = !streams && response.status != 204 && response.status != 304;
  queue(share(format_head(response, has_length ? response.body.size() : std::string::npos, keep_alive_, loop_.date())), false);
  if (!head_only && !response.body.empty()) queue(share(std::move(response.body)), false);
  phase_ = streams ? Phase::kStream : Phase::kResponse;
  if (!streams) return;
  stream_ = std::make_shared<EventStream>([mailbox = loop_.mailbox(), &loop = loop_, id = id_] {
    mailbox->post([&loop, id] {
      if (Connection* found = loop.find(id)) found->go_on();
    });
  });
  if (loop_.stopping()) stream_->close();
  response.opened(stream_);
}

void Connection::queue(SharedBytes bytes, bool of_stream) { output_.push_back({std::move(bytes), of_stream}); }

bool Connection::write() {
  if (stream_) {
    if (output_.empty()) since_ = loop_.now();
    for (SharedBytes& bytes : stream_->take()) queue(std::move(bytes), true);
  }
  while (!output_.empty()) {
    const Chunk& chunk = output_.front();
    const Result<std::size_t> n = transport_->write_some(std::string_view(*chunk.bytes).substr(output_taken_));
    if (!n) return false;
    if (*n == 0 && !chunk.bytes->empty()) return true;
    since_ = loop_.now();
    if (chunk.of_stream) stream_->sent(*n);
    output_taken_ += *n;
    if (output_taken_ < chunk.bytes->size()) continue;
    output_.pop_front();
    output_taken_ = 0;
  }
  if (phase_ == Phase::kResponse || (phase_ == Phase::kStream && stream_->ended())) return finish_response();
  return true;
}

bool Connection::finish_response() {
  since_ = loop_.now();
  if (keep_alive_ && !loop_.stopping()) {
    phase_ = Phase::kRequest;
    return true;
  }
  transport_->shutdown_write();
  phase_ = Phase::kLinger;
  return parser_.failed() || !input_.empty();
}

void Connection::stop() {
  if (closed_) return;
  keep_alive_ = false;
  if (stream_) stream_->close();
  if (phase_ == Phase::kRequest && !parser_.begun()) close();
  else go_on();
}

void Connection::abandon() {
  closed_ = true;
  if (stream_) stream_->abandon();
}

void Connection::close() {
  if (closed_) return;
  wait_for({});
  set_timer({});
  abandon();
  transport_->shutdown();
  loop_.close(id_);
}

void Connection::wait_again() {
  net::Interest interest;
  interest.write = !output_.empty();
  interest.read = phase_ == Phase::kRequest || phase_ == Phase::kStream || phase_ == Phase::kLinger;
  const net::Interest needed = transport_->needs(interest);
  const bool now = (interest.read || interest.write) && !needed.read && !needed.write;
  if (now) {
    loop_.mailbox()->post([&loop = loop_, id = id_] {
      if (Connection* found = loop.find(id)) found->go_on();
    });
  }
  wait_for(needed);
  set_timer(deadline());
}

void Connection::wait_for(net::Interest interest) {
  const int fd = transport_->descriptor();
  const auto change = [&](bool wanted, bool& waits, net::Direction direction, Event& event) {
    if (wanted == waits) return;
    if (waits) loop_.reactor().remove_fd(fd, direction);
    waits = wanted && loop_.reactor().add_fd(fd, direction, &event).ok();
  };
  change(interest.read, waits_read_, net::Direction::kRead, read_event_);
  change(interest.write, waits_write_, net::Direction::kWrite, write_event_);
}

Duration Connection::deadline() const {
  const ServerConfig& config = loop_.config();
  if (!output_.empty()) return since_ + config.write_timeout;
  switch (phase_) {
    case Phase::kRequest: return since_ + (parser_.begun() ? config.request_timeout : config.idle_timeout);
    case Phase::kStream: return since_ + config.ping_interval;
    case Phase::kLinger: return since_ + kLingerTimeout;
    case Phase::kHandling:
    case Phase::kResponse: break;
  }
  return {};
}

void Connection::set_timer(Duration due) {
  if (due == timer_) return;
  if (timer_ != Duration::zero()) loop_.reactor().remove_timer(timer_, &timer_event_);
  timer_ = due;
  if (due != Duration::zero()) loop_.reactor().add_timer(due, &timer_event_);
}

void Connection::time_is_up() {
  if (closed_) return;
  if (loop_.now() < deadline()) return wait_again();
  if (output_.empty() && phase_ == Phase::kStream) {
    since_ = loop_.now();
    queue(share(":\n\n"), false);
    return go_on();
  }
  if (output_.empty() && phase_ == Phase::kRequest && parser_.begun()) {
    keep_alive_ = false;
    answer(Response::text(408, "the request did not come to its end in time\n"), false);
    return go_on();
  }
  close();
}

}  // namespace windlass::http
