// What a client hands in: Task = type + payload + headers, and EnqueueOptions.
//
//   Task task("email:send", R"({"to":"a@example.org"})");
//   client.enqueue(task, EnqueueOptions().queue("low").max_retry(3).process_in(5s));
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <windlass/time.hpp>

namespace windlass {

// Opaque bytes, or nothing at all. "Nothing" and "empty" are told apart because the unique lock of a task without
// payload differs from that of a task with an empty one (as in Asynq). Thread-compatible value.
class Payload {
 public:
  Payload() = default;
  // Implicit, so that a text can stand where a payload is asked for.
  Payload(std::string bytes) : bytes_(std::move(bytes)), present_(true) {}        // NOLINT(google-explicit-constructor)
  Payload(std::string_view bytes) : bytes_(bytes), present_(true) {}              // NOLINT(google-explicit-constructor)
  Payload(const char* text) : bytes_(text), present_(true) {}                     // NOLINT(google-explicit-constructor)

  // False for a payload that was never given.
  bool present() const { return present_; }
  const std::string& bytes() const& { return bytes_; }
  std::string bytes() && { return std::move(bytes_); }
  std::size_t size() const { return bytes_.size(); }

  friend bool operator==(const Payload&, const Payload&) = default;

 private:
  std::string bytes_;
  bool present_ = false;
};

// Metadata that travels with a task and that handlers in any language see. Keys and values must be valid UTF-8.
using Headers = std::map<std::string, std::string>;

// How safe a task must be before its enqueue call is answered, beyond what the broker does for every task. A call that stores
// several tasks is as durable as the most demanding of them. Thread-compatible value.
struct EnqueueDurability {
  bool fsynced = false;  // on the disk of the store
  int replicas = 0;      // taken over by so many replicas of the Redis server

  // As the broker was opened and its store configured.
  static constexpr EnqueueDurability broker_default() { return {}; }
  // A power cut loses nothing. SQLite: with durability=full, the default. Redis: where it runs with appendfsync always, or is
  // 7.2 or newer with an append-only file.
  static constexpr EnqueueDurability local_fsync() { return {true, 0}; }
  // The loss of the server loses nothing as long as one of `n` replicas is left. Redis only, but not in a cluster.
  static constexpr EnqueueDurability replicated(int n) { return {false, n}; }

  friend bool operator==(const EnqueueDurability&, const EnqueueDurability&) = default;
};

// How one task is enqueued. Every field is optional; what is not set has the default named at its setter. Setters
// return *this, so that they chain. Values are checked by the enqueue call, not here. Thread-compatible value.
class EnqueueOptions {
 public:
  EnqueueOptions() {}  // NOLINT(modernize-use-equals-default): g++ 12 destroys aggregates twice around co_await

  // Queue name; any text that is not blank. Default: "default".
  EnqueueOptions& queue(std::string name) { queue_ = std::move(name); return *this; }
  // Retries after the first run; a negative number counts as 0. Default: 25.
  EnqueueOptions& max_retry(int n) { max_retry_ = n; return *this; }
  // How long one run may take; 0 counts as not given. Default: 30 minutes if there is no deadline either, else no limit.
  EnqueueOptions& timeout(Duration d) { timeout_ = d; return *this; }
  // The task as a whole must be over by then; after it no run starts. Default: none.
  EnqueueOptions& deadline(TimePoint t) { deadline_ = t; return *this; }
  // A task that has not started by then never runs: it is archived as expired. Default: never. The last of
  // expires_at and expires_in wins; expires_in counts from the enqueue call.
  EnqueueOptions& expires_at(TimePoint t) { expires_at_ = t; expires_in_.reset(); return *this; }
  EnqueueOptions& expires_in(Duration d) { expires_in_ = d; expires_at_.reset(); return *this; }
  // At most one task with the same queue, type and payload (or the same `key`, if given) for `ttl`, at least 1 s, or
  // until it is done. Default: not unique.
  EnqueueOptions& unique(Duration ttl, std::string key = {}) { unique_ttl_ = ttl; unique_key_ = std::move(key); return *this; }
  // Not before then; a past time means now. The last of process_at and process_in wins. Default: now.
  EnqueueOptions& process_at(TimePoint t) { process_at_ = t; process_in_.reset(); return *this; }
  EnqueueOptions& process_in(Duration d) { process_in_ = d; process_at_.reset(); return *this; }
  // Id, unique within the queue as long as the task exists. Default: a fresh UUID.
  EnqueueOptions& task_id(std::string id) { task_id_ = std::move(id); return *this; }
  // How long the record of a successful task is kept; 0 = not at all. Default: 0.
  EnqueueOptions& retention(Duration d) { retention_ = d; return *this; }
  // Waits in this group until a server aggregates it with others. Default: none.
  EnqueueOptions& group(std::string name) { group_ = std::move(name); return *this; }
  // Adds a header, over one of the same key in the task. Repeatable.
  EnqueueOptions& header(std::string key, std::string value) { headers_[std::move(key)] = std::move(value); return *this; }

  // The call is answered when the task is that safe. A broker that cannot do it at all stores nothing (kUnsupported); if it
  // could not be done in time, the task is stored all the same, and the error says so (kNotDurable). Default: broker_default().
  EnqueueOptions& durability(EnqueueDurability d) { durability_ = d; return *this; }

  const std::optional<std::string>& queue() const { return queue_; }
  std::optional<int> max_retry() const { return max_retry_; }
  std::optional<Duration> timeout() const { return timeout_; }
  std::optional<TimePoint> deadline() const { return deadline_; }
  std::optional<TimePoint> expires_at() const { return expires_at_; }
  std::optional<Duration> expires_in() const { return expires_in_; }
  std::optional<Duration> unique_ttl() const { return unique_ttl_; }
  const std::string& unique_key() const { return unique_key_; }
  std::optional<TimePoint> process_at() const { return process_at_; }
  std::optional<Duration> process_in() const { return process_in_; }
  const std::optional<std::string>& task_id() const { return task_id_; }
  std::optional<Duration> retention() const { return retention_; }
  const std::optional<std::string>& group() const { return group_; }
  const Headers& headers() const { return headers_; }
  std::optional<EnqueueDurability> durability() const { return durability_; }

  // These options with everything that `later` sets put over them (headers key by key).
  [[nodiscard]] EnqueueOptions merged_with(const EnqueueOptions& later) const;

 private:
  std::optional<std::string> queue_;
  std::optional<int> max_retry_;
  std::optional<Duration> timeout_;
  std::optional<TimePoint> deadline_;
  std::optional<TimePoint> expires_at_;
  std::optional<Duration> expires_in_;
  std::optional<Duration> unique_ttl_;
  std::string unique_key_;
  std::optional<TimePoint> process_at_;
  std::optional<Duration> process_in_;
  std::optional<std::string> task_id_;
  std::optional<Duration> retention_;
  std::optional<std::string> group_;
  std::optional<EnqueueDurability> durability_;
  Headers headers_;
};

// A unit of work: a type that names the handler, and the bytes it gets. The options are defaults for every enqueue of
// this task; those of the enqueue call go over them. Thread-compatible value.
class Task {
 public:
  // `type` must not be blank; the enqueue call checks it, and the options.
  explicit Task(std::string type, Payload payload = {}, EnqueueOptions options = {})
      : type_(std::move(type)), payload_(std::move(payload)), options_(std::move(options)) {}

  const std::string& type() const { return type_; }
  const Payload& payload() const { return payload_; }
  const EnqueueOptions& options() const { return options_; }

 private:
  std::string type_;
  Payload payload_;
  EnqueueOptions options_;
};

}  // namespace windlass
