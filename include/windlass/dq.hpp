// dq: a delay queue over several beanstalkd servers that know nothing of each other, shared with the dq package of Go's
// go-queue. A producer writes each message to several of them; consumers run it once, by a lock that they share.
//
//   auto producer = windlass::dq::Producer::open({{"10.0.0.1:11300", "mail"}, {"10.0.0.2:11300", "mail"}});
//   auto id = producer->delay("hello", 5s);                  // "10.0.0.1:11300/mail/17,10.0.0.2:11300/mail/4"
//
//   auto locks = windlass::dq::open_lock_store("redis://10.0.0.3");
//   windlass::dq::Consumer consumer({{"10.0.0.1:11300", "mail"}, {"10.0.0.2:11300", "mail"}}, *locks,
//                                   [](windlass::Context& ctx) { return send(ctx.payload().bytes()); });
//   return consumer.run() ? 0 : 1;                           // until SIGTERM or SIGINT
//
// Rules, guarantees and their limits: docs/guide/dq.md. What is on the wire follows github.com/zeromicro/go-queue.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <windlass/client.hpp>
#include <windlass/context.hpp>
#include <windlass/error.hpp>
#include <windlass/metrics.hpp>
#include <windlass/mux.hpp>
#include <windlass/outcome.hpp>
#include <windlass/service.hpp>
#include <windlass/time.hpp>

namespace windlass::dq {

// One beanstalkd and the tube in it. Thread-compatible value.
struct Node {
  std::string endpoint;  // "host:port" or "[v6]:port", as it stands in ids
  std::string
      tube;  // at most 200 bytes of A-Z a-z 0-9 - + / ; . $ _ ( ), no hyphen in front, and no slash (it separates ids)

  Node() {}  // NOLINT(modernize-use-equals-default): g++ 12 destroys aggregates twice around co_await
  Node(std::string e, std::string t) : endpoint(std::move(e)), tube(std::move(t)) {}
  friend bool operator==(const Node&, const Node&) = default;
};
using Nodes = std::vector<Node>;

// "127.0.0.1:11300/mail". Errors: kInvalidArgument (endpoint or tube name).
Result<Node> parse_node(std::string_view text);

// -------------------------------------------------------------------------------------------------------------
// producer

struct PutOptions {
  PutOptions() {}  // NOLINT(modernize-use-equals-default)

  // Lower is more urgent. The original has 1 high, 2 normal, 3 low. Default: 2.
  std::uint32_t priority = 2;
  // How long a reader may be silent before the message goes to another one; whole seconds, at least 2. Default: 5 s.
  Duration ttr = std::chrono::seconds(5);
};

// One message of put_batch. Thread-compatible value.
struct Message {
  std::string body;
  TimePoint at;  // when it is due
  PutOptions options;

  Message(std::string b, TimePoint t, PutOptions o = {}) : body(std::move(b)), at(t), options(o) {}
};

// How a producer writes. Thread-compatible value.
struct ProducerConfig {
  ProducerConfig() {}  // NOLINT(modernize-use-equals-default)

  // On how many nodes each message is written: all if there are fewer, else so many chosen at random. Default: 3.
  std::size_t replicas = 3;
  // How many of them must have taken it. Default: 2.
  std::size_t min_written = 2;
  // For connecting to a node, and for its answers to what one call puts. Default: 5 s.
  Duration timeout = std::chrono::seconds(5);
};

// Since the producer was opened.
struct ProducerStats {
  Node node;
  std::uint64_t written = 0;      // copies that the node took
  std::uint64_t failed = 0;       // that it refused or was not there for, or of which nothing is known
  std::uint64_t rolled_back = 0;  // copies deleted because too few nodes took theirs
  std::uint64_t revoked = 0;
};

// Thread-safe. Calls made at the same time share their writes to the nodes, without waiting for company. Connects at
// first use.
class Producer {
 public:
  // Errors: kInvalidArgument (fewer nodes than min_written, an endpoint twice, a bad endpoint or tube name, min_written
  // 0 or above replicas).
  static Result<Producer> open(Nodes nodes, ProducerConfig config = {});
  ~Producer();  // as close()
  Producer(Producer&&) noexcept;
  Producer& operator=(Producer&&) noexcept;

  // Stores the message and returns its id: "endpoint/tube/job" for each node that took it, joined with commas. Due
  // `delay` from now, or at `at`, to the nanosecond.
  //
  // Errors: kInvalidArgument (a negative delay, a time in the past, a ttr under 2 s), kResourceExhausted (a node finds
  // the body too large), kUnavailable (too few nodes took it; what some took was deleted again: nothing is left),
  // kUnknownOutcome (too few took it for sure, and of some it is not known, or a copy could not be deleted again: it
  // may run), kClosed. The message says why for each node.
  Result<std::string> delay(std::string_view body, Duration delay, PutOptions options = {});
  // As delay, for a point in time.
  Result<std::string> at(std::string_view body, TimePoint at, PutOptions options = {});
  // As at() for each message, in one go. The results are those of the messages, in order.
  std::vector<Result<std::string>> put_batch(std::span<const Message> messages);

  // Deletes all copies that `id` names (ids of several messages may be joined with commas). Parts of nodes that are not
  // this producer's are left alone.
  //
  // Errors: kInvalidArgument (a job number that is none; nothing was deleted), kTaskNotFound (some copy is not there
  // any more, or a consumer has it at the moment; the others were deleted), kUnavailable (a node was not reached),
  // kClosed.
  Status revoke(std::string_view id);

  // Waits for calls under way, then closes all connections. Calls that come later get kClosed. May be called twice.
  void close();

  // One entry for each node.
  std::vector<ProducerStats> stats() const;

 private:
  struct Impl;
  explicit Producer(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

// ------------------------------------------------------------------------------------------------------------ lock
// store

// What exchange() found or did.
struct Exchange {
  bool stored = false;
  std::string value;  // what is there now; empty: nothing
  Duration left{};    // until it expires, by the store's clock

  Exchange() {}  // NOLINT(modernize-use-equals-default)
};

// Where consumers agree on who runs a message: a map of small texts that expire. One verb is enough: taking a lock is
// an exchange from nothing to a record of the owner, extending and completing it are exchanges from the present record
// to the next one. Implementations are thread-safe.
class LockStore {
 public:
  virtual ~LockStore() = default;
  // Puts `desired` in the place of `expected` (empty: nothing is there), to expire after `keep`. If something else is
  // there, changes nothing and tells what. If `desired` is there already it counts as stored, so that a call whose
  // answer was lost can be repeated. One step, also with respect to other processes.
  //
  // Errors: kUnavailable, kUnknownOutcome (call again), and others of the store.
  virtual Result<Exchange> exchange(const std::string& key, const std::string& expected, const std::string& desired,
                                    Duration keep) = 0;
};
using LockStorePtr = std::shared_ptr<LockStore>;

// redis://HOST:PORT/DB (and the other Redis URLs of docs/reference/broker-urls.md): for any number of machines, and
// shared with Go. sqlite:FILE: for the consumers of one machine; the file is created. Redis is not connected to yet.
//
// Errors: kInvalidArgument (URL), those of opening the file.
Result<LockStorePtr> open_lock_store(std::string_view url);

// -------------------------------------------------------------------------------------------------------------
// consumer

// What becomes of a message that could not start in time, whatever the reason. Retries and what was snoozed are not
// late.
class Lateness {
 public:
  // What becomes of a late message: see the three functions of the same names.
  enum class Policy : std::uint8_t { kRun, kDrop, kBury };

  // Runs it, however late.
  static Lateness run() { return {Policy::kRun, Duration::zero()}; }
  // More than `after` late: deleted, counted and logged. The original does that, after 30 minutes.
  static Lateness drop(Duration after) { return {Policy::kDrop, after}; }
  // More than `after` late: buried, for somebody to look at. Once kicked, it runs.
  static Lateness bury(Duration after) { return {Policy::kBury, after}; }

  Policy policy() const { return policy_; }
  Duration after() const { return after_; }

 private:
  Lateness(Policy policy, Duration after) : policy_(policy), after_(after) {}

  Policy policy_;
  Duration after_;
};

// How a consumer reads and runs. Thread-compatible value.
struct ConsumerConfig {
  ConsumerConfig() {}  // NOLINT(modernize-use-equals-default)

  // Handlers at once. Default: the CPUs that this process may use.
  int concurrency = 0;
  // Retries after the first run; then the message is buried. Default: 25.
  int max_retry = 25;
  // Delay before retry n+1, where n counts the retries so far. Default: that of a server, n^4 + 15 + rand(0..29) * (n +
  // 1) seconds.
  std::function<Duration(int n, const Failure& failure, const Context& message)> retry_delay;
  Lateness lateness = Lateness::run();
  // How long one run may take; 0 = no limit. Then its stop token is set.
  Duration timeout{};
  // How long a run may be silent before another consumer takes it for dead and runs the message. At least 1 s. Default:
  // 10 s.
  Duration lease = std::chrono::seconds(10);
  // How long it is remembered that a message was done. A node that was away for longer brings back messages that then
  // run again. At least the 3600.5 s of the original. Default: 24 h.
  Duration remember = std::chrono::hours(24);
  // How long a stopping consumer waits for running handlers before it tells them to stop. Default: 8 s.
  Duration shutdown_timeout = std::chrono::seconds(8);
  // Messages of one node in memory at most: running, waiting for their nanosecond, or for the run of another copy.
  // Default: 1000.
  std::size_t in_hand_max = 1000;
  // The consumer stops by itself after so many runs, and never begins more; 0 = goes on. Default: 0.
  std::uint64_t runs_max = 0;
  // As the original does it, with its holes: deletes first, then locks, then runs once; no retry, drops what is 30
  // minutes late and what comes while the lock store is away, does not wait for the nanosecond. Default: false.
  bool compatible = false;
  // Called after a run, once its outcome is recorded, by the thread that ran it. `result` is what the handler wrote.
  std::function<void(const Context& message, const Outcome& outcome, std::string_view result)> on_run;
};

// Since the consumer was started. Each copy of a message counts where it is.
struct ConsumerStats {
  Node node;
  bool connected = false;
  std::uint64_t reserved = 0;  // copies taken from the node
  std::uint64_t in_hand = 0;   // of them here now
  std::uint64_t done = 0;      // runs that succeeded
  std::uint64_t failed = 0;    // runs that failed
  std::uint64_t retried = 0;   // released, to run again; snoozed ones, too
  std::uint64_t buried = 0;    // after the last retry, or too late, or no message of dq
  std::uint64_t late_dropped = 0;
  std::uint64_t duplicates = 0;  // copies deleted because the message was done elsewhere, or a Go consumer has its lock
  std::uint64_t taken_over = 0;  // runs of messages whose consumer died
  std::uint64_t leases_lost = 0;  // runs that were silent for too long: the message may have run twice
  std::uint64_t reservations_lost =
      0;                        // copies that the node took back: it was away, or this process was stopped for too long
  std::uint64_t malformed = 0;  // no message of dq
  Duration lateness_total{};    // of the first runs, from due time to start
  Duration lateness_max{};
};

// Runs due messages, at least once each and one run at a time, with the same Context, stop token and logging as the
// handler of a task: task_id() is the lock key (MD5 of the message), queue() and type() are the tube, headers() has
// "dq-id" (the copy that runs), scheduled_at() is the due time. A copy is deleted after the handler succeeded. A
// failure is retried with back-off, the last one buried; SkipRetry buries at once, Snooze runs it later, RevokeTask
// counts as success.
//
// Thread-safe. States: new -> running -> closed.
class Consumer final : public Service {
 public:
  // REQUIRES: locks is not null.
  Consumer(Nodes nodes, LockStorePtr locks, Handler handler, ConsumerConfig config = {});
  ~Consumer() override;  // as stop()
  Consumer(const Consumer&) = delete;
  Consumer& operator=(const Consumer&) = delete;

  // Begins. Nodes and lock store that cannot be reached are tried again for as long as it runs. Errors:
  // kInvalidArgument (no node, a node twice, a bad endpoint or tube name, a value of the config), kFailedPrecondition
  // (started or stopped before).
  Status start() override;
  // Takes no more messages, waits for running handlers up to shutdown_timeout, then sets their stop tokens and waits
  // for them to return. What has not started goes back to its node.
  void stop() override;
  // start, then waits for SIGTERM or SIGINT (or runs_max, or stop() from another thread), then stop.
  Status run();
  // Blocks until stop() was called or runs_max is reached; does not stop it.
  void wait();

  // One entry for each node.
  std::vector<ConsumerStats> stats() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// Collectors for Metrics::add_collector(): stats() as metrics (windlass_dq_...). They must be removed before the consumer or producer goes.
Metrics::Collector stats_collector(const Consumer& consumer);
Metrics::Collector stats_collector(const Producer& producer);

// A handler for a Consumer that hands each message to a windlass queue, for servers, retries and the inspector to take
// over: a task of `type` with the message's body. Its id, and its unique key for `remember`, are the MD5 of the
// message, so that a message that runs again is no second task as long as the first one is there: until it is done, or
// for its retention. The client must outlive the handler.
Handler enqueue_handler(Client& client, std::string type, EnqueueOptions options = {},
                        Duration remember = std::chrono::hours(24));

// ------------------------------------------------------------------------------------------------------------
// inspector

struct TubeStats {
  Node node;
  std::uint64_t ready = 0, reserved = 0, delayed = 0, buried = 0;
  std::uint64_t total = 0;     // jobs put since the server started
  std::uint64_t watching = 0;  // connections of consumers
  bool draining = false;
  bool binlog = false;  // false: what it holds is gone when it ends
};

// The message of a node that was buried first.
struct BuriedMessage {
  std::string id;                 // "endpoint/tube/job"
  std::string key;                // MD5 of the message, the same for all copies
  TimePoint at;                   // when it was due; kNoTime: no message of dq
  std::string body;               // without the time in front; as it is if it is no message of dq
  std::uint64_t tube_buried = 0;  // how many are buried in that tube
};

// Looks at tubes and wakes buried messages. Thread-compatible: for one thread at a time.
class Inspector {
 public:
  // Errors: as for a Consumer's nodes.
  static Result<Inspector> open(Nodes nodes, Duration timeout = std::chrono::seconds(5));
  ~Inspector();
  Inspector(Inspector&&) noexcept;
  Inspector& operator=(Inspector&&) noexcept;

  // For each node, in order. A tube that is not there has nothing in it. Errors: kUnavailable.
  std::vector<Result<TubeStats>> stats();
  // The message that was buried first, for each node; beanstalkd shows no more. Nothing: none is buried. Errors:
  // kUnavailable.
  std::vector<Result<std::optional<BuriedMessage>>> buried();
  // Makes at most `max` buried messages of each node ready, oldest first, and returns how many. Delayed ones stay as
  // they are. Errors: kUnavailable.
  std::vector<Result<std::uint64_t>> kick(std::uint32_t max);

 private:
  struct Impl;
  explicit Inspector(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace windlass::dq
