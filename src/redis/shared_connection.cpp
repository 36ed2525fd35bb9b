#include "redis/shared_connection.hpp"

#include <sched.h>

#include <algorithm>
#include <array>
#include <cassert>
#include <deque>

#include "net/fd.hpp"
#include "redis/resp.hpp"

namespace windlass::redis {
namespace {

constexpr std::size_t kReadBytes = 64 * 1024;
// A connection that was idle for so long is looked at before it is used: a server that has gone in the meantime is noticed
// before commands are written to it, when they have still surely not been executed.
constexpr std::chrono::milliseconds kIdle{50};

// A length that a condition variable can add to the present without overflow.
std::chrono::nanoseconds slice(std::chrono::nanoseconds left) {
  return std::min<std::chrono::nanoseconds>(left, std::chrono::hours(1));
}

}  // namespace

struct SharedConnection::Waiter {
  base::CondVar changed;
};

// One connection from its beginning to its end. Members are guarded by the owner's mu_, unless said otherwise.
struct SharedConnection::Link {
  explicit Link(std::unique_ptr<net::Transport> connected) : transport(std::move(connected)) {}

  const std::unique_ptr<net::Transport> transport;
  const net::WakeFd wake;          // tells the driver that there is something to write

  std::string out;                 // appended, not yet being written
  std::uint64_t appended = 0;      // bytes of the stream up to the end of `out`
  std::uint64_t written = 0;       // bytes of it that the transport has, or may have while a write is under way
  std::deque<Call*> in_flight;     // in the order of their replies, after those in `reading`
  bool writing = false;            // a thread is in flush()
  bool congested = false;          // the transport had no room: the driver waits for it
  bool driving = false;            // a thread is in drive()
  std::optional<Error> broken;
  net::Deadline used_at = std::chrono::steady_clock::now();

  // Of the thread in flush().
  std::string sending;
  std::size_t sent = 0;

  // Of the driver.
  std::array<char, kReadBytes> input;
  Parser parser;
  std::deque<Call*> reading;       // calls whose replies may be in what was read
  std::vector<Call*> completed;
  std::vector<Waiter*> to_wake;
  Replies pushes;                  // nobody asked for them here

  Status parse(std::string_view bytes);
  Replies* target = nullptr;       // of the message under way
};

// Gives each reply to its call. Called by the driver without the lock: the calls in `reading` wait for it.
Status SharedConnection::Link::parse(std::string_view bytes) {
  while (!bytes.empty()) {
    if (parser.between_messages()) {
      const bool push = bytes[0] == '>';
      if (!push && reading.empty()) {
        return Error(ErrorCode::kUnavailable, "unasked: " + std::string(bytes.substr(0, std::min(bytes.find('\r'), std::size_t{200}))));
      }
      if (push) pushes.clear();
      target = push ? &pushes : &reading.front()->replies_;
    }
    const Parser::Outcome outcome = parser.parse(bytes, *target);
    if (outcome == Parser::Outcome::kBroken) return Error(ErrorCode::kCorrupt, parser.error());
    if (outcome == Parser::Outcome::kNeedMore || target == &pushes) continue;
    if (target->size() < reading.front()->expected_) continue;
    completed.push_back(reading.front());
    reading.pop_front();
  }
  return {};
}

SharedConnection::SharedConnection(std::string name, Dial dial)
    : name_(std::move(name)), dial_(std::move(dial)), backoff_(base::Random::seeded()) {}

SharedConnection::~SharedConnection() = default;

Result<Replies> SharedConnection::call(const Pipeline& commands, const CallLimits& limits) {
  Call call;
  submit(call, commands, limits);
  return await(call);
}

void SharedConnection::submit(Call& call, const Pipeline& commands, const CallLimits& limits) {
  call.expected_ = commands.size();
  call.deadline_ = limits.deadline;
  if (commands.empty()) {
    call.done_ = true;
    return;
  }
  base::Lock lock(mu_);
  if (Status connected = ensure_connected(limits); !connected) {
    call.error_ = connected.error();
    call.done_ = true;
    return;
  }
  call.link_ = link_;
  Link& link = *call.link_;
  call.first_end_ = link.appended + commands[0].end;
  link.out.append(commands.bytes());
  link.appended += commands.bytes().size();
  link.in_flight.push_back(&call);
  flush(link);
}

Result<Replies> SharedConnection::await(Call& call) {
  Waiter* next = nullptr;
  if (call.link_) {
    base::Lock lock(mu_);
    Link& link = *call.link_;
    while (!call.done_) {
      if (link.driving) {
        sleep(link, call);
      } else {
        drive(link, call);
        next = next_driver(link);
      }
    }
    link.used_at = std::chrono::steady_clock::now();
  }
  if (next) next->changed.notify_one();
  if (call.error_) return *call.error_;
  return std::move(call.replies_);
}

void SharedConnection::disconnect(const Error& cause) {
  base::Lock lock(mu_);
  const std::shared_ptr<Link> link = link_;
  if (link) break_link(*link, cause);
}

Status SharedConnection::ensure_connected(const CallLimits& limits) {
  if (link_) probe_if_idle();
  while (!link_) {
    const auto now = std::chrono::steady_clock::now();
    if (!connecting_ && now >= retry_at_) {
      Status connected = connect(limits);
      if (!connected && !limits.wait_for_connection) return connected;
      continue;
    }
    if (!connecting_ && !limits.wait_for_connection) return refused();
    if (now >= limits.deadline) return last_cause_ ? *last_cause_ : Error(ErrorCode::kUnavailable, name_ + ": connecting");
    const net::Deadline until = connecting_ ? limits.deadline : std::min(limits.deadline, retry_at_);
    connect_changed_.wait_for(mu_, slice(until - now));
  }
  return {};
}

Status SharedConnection::connect(const CallLimits& limits) {
  connecting_ = true;
  mu_.unlock();
  Result<ConnectionPtr> connection = dial_(limits.deadline);
  std::unique_ptr<net::Transport> transport = connection ? (*connection)->take_transport() : nullptr;
  std::shared_ptr<Link> link = transport ? std::make_shared<Link>(std::move(transport)) : nullptr;
  mu_.lock();
  connecting_ = false;
  connect_changed_.notify_all();
  if (link) {
    link_ = std::move(link);
    backoff_.reset();
    return {};
  }
  last_cause_ = connection ? Error(ErrorCode::kCorrupt, name_ + ": sent what nobody asked for") : connection.error();
  retry_at_ = std::chrono::steady_clock::now() + backoff_.next();
  return *last_cause_;
}

Error SharedConnection::refused() const {
  if (!last_cause_) return Error(ErrorCode::kUnavailable, name_ + ": not connected");
  return Error(last_cause_->code(), last_cause_->message() + " (tried a moment ago)");
}

void SharedConnection::probe_if_idle() {
  const std::shared_ptr<Link> link = link_;
  const auto now = std::chrono::steady_clock::now();
  if (link->driving || !link->in_flight.empty() || !link->reading.empty() || now - link->used_at < kIdle) return;
  link->used_at = now;
  link->driving = true;
  // That there is nothing to read is what is hoped for.
  (void)drive_once(*link, now);
  link->driving = false;
  if (link->broken) fail_all(*link);
  if (Waiter* next = next_driver(*link)) next->changed.notify_one();
}

void SharedConnection::flush(Link& link) {
  if (link.writing || link.congested) return;
  link.writing = true;
  if (link.driving || link.in_flight.size() > 1) {
    // Others are at it, too: let those that are about to append do so, and write for all of them at once. Halves the CPU of
    // 64 threads.
    mu_.unlock();
    ::sched_yield();
    mu_.lock();
  }
  while (!link.broken && !link.congested && (link.sent < link.sending.size() || !link.out.empty())) {
    if (link.sent == link.sending.size()) {
      link.sending.clear();
      link.sent = 0;
      std::swap(link.sending, link.out);
    }
    const std::uint64_t before = link.written;
    const std::string_view rest = std::string_view(link.sending).substr(link.sent);
    link.written += rest.size();
    mu_.unlock();
    Result<std::size_t> n = link.transport->write_some(rest);
    mu_.lock();
    link.written = before + (n ? *n : 0);
    if (!n) {
      break_link(link, n.error());
    } else if (*n == 0) {
      link.congested = true;
      if (link.driving) link.wake.wake();
    } else {
      link.sent += *n;
    }
  }
  link.writing = false;
}

void SharedConnection::drive(Link& link, const Call& own) {
  link.driving = true;
  while (!own.done_ && !link.broken) {
    const bool something = drive_once(link, own.deadline_);
    if (!something && std::chrono::steady_clock::now() >= own.deadline_) {
      break_link(link, Error(ErrorCode::kUnavailable, "no reply in time"));
    }
  }
  link.driving = false;
  if (link.broken) fail_all(link);
}

// Waits once and takes what came. False: the deadline has come.
bool SharedConnection::drive_once(Link& link, net::Deadline deadline) {
  const net::Interest interest{true, link.congested};
  mu_.unlock();
  Result<net::Ready> ready = link.transport->wait(interest, link.wake.get(), deadline);
  Result<std::size_t> got = std::size_t{0};
  if (ready && ready->read) got = link.transport->read_some(link.input);
  mu_.lock();
  if (!ready || !got) {
    break_link(link, ready ? got.error() : ready.error());
    return true;
  }
  if (ready->woken) link.wake.drain();
  if (ready->write) {
    link.congested = false;
    flush(link);
  }
  if (*got > 0) deliver(link, std::string_view(link.input.data(), *got));
  return ready->read || ready->write || ready->woken;
}

void SharedConnection::deliver(Link& link, std::string_view bytes) {
  // Whoever a reply in `bytes` belongs to was in flight before its command was written.
  link.reading.insert(link.reading.end(), link.in_flight.begin(), link.in_flight.end());
  link.in_flight.clear();
  mu_.unlock();
  Status parsed = link.parse(bytes);
  mu_.lock();
  for (Call* call : link.completed) {
    call->done_ = true;
    if (call->waiter_) link.to_wake.push_back(call->waiter_);
  }
  link.completed.clear();
  if (!parsed) break_link(link, parsed.error());
  if (link.to_wake.empty()) return;
  mu_.unlock();
  for (Waiter* waiter : link.to_wake) waiter->changed.notify_one();
  link.to_wake.clear();
  mu_.lock();
}

// Until somebody wakes this call: it is done, or it is to drive. At its deadline it breaks the link, and then waits for the
// driver to notice, which must let go of the call before its thread may go on.
void SharedConnection::sleep(Link& link, Call& call) {
  if (free_waiters_.empty()) {
    waiters_.push_back(std::make_unique<Waiter>());
    free_waiters_.push_back(waiters_.back().get());
  }
  call.waiter_ = free_waiters_.back();
  free_waiters_.pop_back();
  while (!call.done_ && link.driving) {
    if (link.broken) {
      call.waiter_->changed.wait(mu_);
      continue;
    }
    const auto left = call.deadline_ - std::chrono::steady_clock::now();
    if (left <= left.zero()) {
      break_link(link, Error(ErrorCode::kUnavailable, "no reply in time"));
    } else {
      call.waiter_->changed.wait_for(mu_, slice(left));
    }
  }
  free_waiters_.push_back(call.waiter_);
  call.waiter_ = nullptr;
}

void SharedConnection::break_link(Link& link, const Error& cause) {
  if (link.broken) return;
  link.broken = cause;
  link.transport->shutdown();
  if (link_.get() == &link) link_.reset();
  // The driver may be about to write into the calls: then it fails them itself.
  if (!link.driving) fail_all(link);
}

void SharedConnection::fail_all(Link& link) {
  for (std::deque<Call*>* queue : {&link.reading, &link.in_flight}) {
    for (Call* call : *queue) {
      const bool not_sent = link.written < call->first_end_;
      call->error_ = Error(not_sent ? ErrorCode::kUnavailable : ErrorCode::kUnknownOutcome,
                           name_ + ": " + link.broken->message() +
                               (not_sent ? "; the command was not sent" : "; the command may or may not have been executed"));
      call->lost_connection_ = true;
      call->done_ = true;
      if (call->waiter_) call->waiter_->changed.notify_one();
    }
    queue->clear();
  }
}

// Of the sleeping calls the one whose reply comes last: it can read for all others, so the role changes hands least often.
SharedConnection::Waiter* SharedConnection::next_driver(const Link& link) const {
  for (const std::deque<Call*>* queue : {&link.in_flight, &link.reading}) {
    for (auto call = queue->rbegin(); call != queue->rend(); ++call) {
      if ((*call)->waiter_) return (*call)->waiter_;
    }
  }
  return nullptr;
}

}  // namespace windlass::redis
