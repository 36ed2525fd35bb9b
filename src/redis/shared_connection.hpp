// SharedConnection: one connection to one node, shared by any number of threads, without a thread of its own.
//
// Callers append their commands to one output buffer, and one of them writes it out; what others append while a write is under
// way leaves with the next one. Among the callers that await replies one is the driver: it reads, hands each reply to the call
// it belongs to, and when its own is whole passes the role on. A lone caller writes and reads by itself and no other thread is
// involved, which is what makes it fast: waking a thread costs more than a Redis command. See
// docs/decisions/0002-redis-client-without-a-loop-thread.md.
//
// Nothing is sent twice here. When the connection breaks (an error, bytes that are not RESP, a call that got no reply by its
// deadline), every call in flight fails: with kUnavailable if none of its commands can have been executed, because not even the
// first of them was written in full; else with kUnknownOutcome. The next call connects again; after a failure to connect
// callers are refused at once for a while (Backoff), or wait if they asked to.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <windlass/error.hpp>

#include "base/mutex.hpp"
#include "net/backoff.hpp"
#include "net/transport.hpp"
#include "redis/connection.hpp"
#include "redis/pipeline.hpp"
#include "redis/reply.hpp"

namespace windlass::redis {

struct CallLimits {
  net::Deadline deadline;            // connecting, waiting and the reply
  bool wait_for_connection = false;  // keep trying to connect until the deadline, instead of failing at once
};

// Thread-safe. REQUIRES at its end: no call under way.
class SharedConnection {
  struct Link;
  struct Waiter;

 public:
  // A call between submit() and await(). Must stay where it is and be awaited.
  class Call {
   public:
    Call() = default;
    Call(const Call&) = delete;
    Call& operator=(const Call&) = delete;

    // After await(): true if it failed because the connection broke after it was submitted, so that trying again at once makes
    // sense.
    bool lost_connection() const { return lost_connection_; }

   private:
    friend class SharedConnection;
    std::shared_ptr<Link> link_;
    Replies replies_;
    std::size_t expected_ = 0;
    std::uint64_t first_end_ = 0;  // where its first command ends in the link's stream of bytes
    net::Deadline deadline_;
    Waiter* waiter_ = nullptr;     // set while its thread sleeps
    bool done_ = false;
    bool lost_connection_ = false;
    std::optional<Error> error_;
  };

  // `name` stands in front of error messages. Connects when the first call comes.
  SharedConnection(std::string name, Dial dial);
  ~SharedConnection();

  // As many replies as commands. Error replies are replies.
  //
  // Errors: kUnavailable (nothing was executed), kUnknownOutcome (each command may or may not have been executed), and what
  // the dial reports.
  Result<Replies> call(const Pipeline& commands, const CallLimits& limits);

  // The same in two halves, for calls to several nodes at once. All replies of `commands` stay together; between submit() and
  // await() the thread should do nothing that lasts.
  void submit(Call& call, const Pipeline& commands, const CallLimits& limits);
  Result<Replies> await(Call& call);

  // Breaks the present connection, if there is one, because `cause` says that it leads to the wrong place.
  void disconnect(const Error& cause);

 private:
  Status ensure_connected(const CallLimits& limits) WINDLASS_REQUIRES(mu_);
  Status connect(const CallLimits& limits) WINDLASS_REQUIRES(mu_);
  void probe_if_idle() WINDLASS_REQUIRES(mu_);
  Error refused() const WINDLASS_REQUIRES(mu_);
  void flush(Link& link) WINDLASS_REQUIRES(mu_);
  void drive(Link& link, const Call& own) WINDLASS_REQUIRES(mu_);
  bool drive_once(Link& link, net::Deadline deadline) WINDLASS_REQUIRES(mu_);
  void deliver(Link& link, std::string_view bytes) WINDLASS_REQUIRES(mu_);
  void sleep(Link& link, Call& call) WINDLASS_REQUIRES(mu_);
  void break_link(Link& link, const Error& cause) WINDLASS_REQUIRES(mu_);
  void fail_all(Link& link) WINDLASS_REQUIRES(mu_);
  Waiter* next_driver(const Link& link) const WINDLASS_REQUIRES(mu_);

  const std::string name_;
  const Dial dial_;

  base::Mutex mu_;
  std::shared_ptr<Link> link_ WINDLASS_GUARDED_BY(mu_);  // never a broken one
  bool connecting_ WINDLASS_GUARDED_BY(mu_) = false;
  base::CondVar connect_changed_;                        // connecting_ became false
  net::Deadline retry_at_ WINDLASS_GUARDED_BY(mu_);      // not before
  net::Backoff backoff_ WINDLASS_GUARDED_BY(mu_);
  std::optional<Error> last_cause_ WINDLASS_GUARDED_BY(mu_);
  // Sleeping places. They outlive the calls that use them, so that a thread can be woken after the lock was released.
  std::vector<std::unique_ptr<Waiter>> waiters_ WINDLASS_GUARDED_BY(mu_);
  std::vector<Waiter*> free_waiters_ WINDLASS_GUARDED_BY(mu_);
};

}  // namespace windlass::redis
