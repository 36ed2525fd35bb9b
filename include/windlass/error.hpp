// Errors as values: ErrorCode, Error, Result<T>, Status.
//
//   windlass::Result<int> parsed = parse(text);
//   if (!parsed) return parsed.error().at("reading the limit");
//   use(*parsed);
//
// The code says what the caller can do about it; the message says what happened, and each layer puts in front
// where: "enqueue on 'mail': database is locked". No call of this library throws, except where its comment says so.
#pragma once

#include <cassert>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

namespace windlass {

// Stable numbers: they are used as JSON text in the CLI (see error_code_name) and must never be renumbered.
enum class ErrorCode : std::uint8_t {
  kInvalidArgument = 1,    // the call can never succeed as it is: mend the arguments
  kDuplicateTask = 2,      // a unique lock for the same work is held
  kTaskIdConflict = 3,     // the queue already holds a task with this id, in whatever state
  kTaskNotFound = 4,
  kQueueNotFound = 5,
  kQueueNotEmpty = 6,
  kFailedPrecondition = 7, // the thing exists but is in a state in which this cannot be done
  kLeaseLost = 8,          // somebody else owns the task now: drop the result
  kUnavailable = 9,        // nothing happened: try again later
  kUnknownOutcome = 10,    // it may or may not have happened: the message says how to find out
  kResourceExhausted = 11, // too large, disk full, out of memory
  kPermissionDenied = 12,
  kCorrupt = 13,           // stored or received bytes are not what they must be
  kUnsupported = 14,       // this broker or version cannot do it
  kClosed = 15,            // the object has been closed or stopped
  kInternal = 16,          // a bug in windlass
  kTickTaken = 17,         // another scheduler has already enqueued this tick
  kNotDurable = 18,        // it happened, but is not yet as durable as was asked
};

// Lower-case snake text of a code, e.g. "task_not_found".
std::string_view error_code_name(ErrorCode code);

// Thread-compatible value.
class Error {
 public:
  // An error of our own making, for handlers and providers.
  Error(ErrorCode code, std::string message) : code_(code), message_(std::move(message)) {}

  ErrorCode code() const { return code_; }
  const std::string& message() const { return message_; }

  // The same error with `where` in front of its message: "where: message".
  [[nodiscard]] Error at(std::string_view where) const {
    std::string text(where);
    text += ": ";
    text += message_;
    return Error(code_, std::move(text));
  }

  friend bool operator==(const Error&, const Error&) = default;

 private:
  ErrorCode code_;
  std::string message_;
};

// Either a T or an Error. Thread-compatible value.
//
// REQUIRES for value access (*r, r->, value()): r.ok(). Checked by assertion.
template <class T>
class [[nodiscard]] Result {
 public:
  using value_type = T;

  // Implicit, so that a function can return either.
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}          // NOLINT(google-explicit-constructor)
  Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}      // NOLINT(google-explicit-constructor)

  // Whether there is a value.
  bool ok() const { return state_.index() == 0; }
  explicit operator bool() const { return ok(); }

  // REQUIRES: ok().
  T& value() & { assert(ok()); return *std::get_if<0>(&state_); }
  const T& value() const& { assert(ok()); return *std::get_if<0>(&state_); }
  T&& value() && { assert(ok()); return std::move(*std::get_if<0>(&state_)); }
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T&& operator*() && { return std::move(*this).value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }

  // REQUIRES: !ok().
  const Error& error() const { assert(!ok()); return *std::get_if<1>(&state_); }

  // The value, or `other` in place of an error.
  T value_or(T other) const& { return ok() ? value() : std::move(other); }

 private:
  std::variant<T, Error> state_;
};

// Done, or an Error. Thread-compatible value.
template <>
class [[nodiscard]] Result<void> {
 public:
  using value_type = void;

  // Done.
  Result() : error_(ErrorCode::kInternal, {}), ok_(true) {}
  Result(Error error) : error_(std::move(error)), ok_(false) {}  // NOLINT(google-explicit-constructor)

  // Whether it is done.
  bool ok() const { return ok_; }
  explicit operator bool() const { return ok_; }
  // REQUIRES: !ok().
  const Error& error() const { assert(!ok_); return error_; }

 private:
  Error error_;
  bool ok_;
};

// What a call returns that has nothing to give but success.
using Status = Result<void>;

}  // namespace windlass
