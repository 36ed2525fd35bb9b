// Outcome: how a run ended. A handler returns one, or returns void (done), or throws.
//
//   return Outcome::done();
//   return Outcome::fail("mail server said no");      // retried by the retry rules; an exception does the same
//   return SkipRetry("no such user");                 // archived at once
//   throw Snooze(10min);                              // these three may be returned or thrown
#pragma once

#include <exception>
#include <string>
#include <utility>

#include <windlass/info.hpp>
#include <windlass/time.hpp>

namespace windlass {

// The task can never succeed: archive it now, whatever its retries.
class SkipRetry : public std::exception {
 public:
  // `why` becomes the failure's message.
  explicit SkipRetry(std::string why) : why_(std::move(why)) {}
  const char* what() const noexcept override { return why_.c_str(); }

 private:
  std::string why_;
};

// The task has become needless: remove it as if it were done.
class RevokeTask : public std::exception {
 public:
  // `why` is logged.
  explicit RevokeTask(std::string why = "revoked") : why_(std::move(why)) {}
  const char* what() const noexcept override { return why_.c_str(); }

 private:
  std::string why_;
};

// Not now: run it again after `delay`, without costing a retry.
class Snooze : public std::exception {
 public:
  // A delay of zero or less means at once.
  explicit Snooze(Duration delay) : delay_(delay) {}
  const char* what() const noexcept override { return "snoozed"; }
  Duration delay() const { return delay_; }

 private:
  Duration delay_;
};

// Thread-compatible value.
class Outcome {
 public:
  // What the server does with the task: complete, retry, archive, remove, run later.
  enum class Kind : std::uint8_t { kDone, kFail, kSkipRetry, kRevoke, kSnooze };

  Outcome() {}  // done
  // Implicit, so that a handler may return what it may throw.
  Outcome(SkipRetry skip) : kind_(Kind::kSkipRetry), failure_(FailureKind::kError, skip.what()) {}  // NOLINT(google-explicit-constructor)
  Outcome(RevokeTask) : kind_(Kind::kRevoke) {}                                                     // NOLINT(google-explicit-constructor)
  Outcome(Snooze snooze) : kind_(Kind::kSnooze), delay_(snooze.delay()) {}                          // NOLINT(google-explicit-constructor)

  // Done; a failure, to be retried by the retry rules; a failure for good.
  static Outcome done() { return {}; }
  static Outcome fail(std::string why) { return fail(Failure(FailureKind::kError, std::move(why))); }
  static Outcome fail(Failure failure) {
    Outcome o;
    o.kind_ = Kind::kFail;
    o.failure_ = std::move(failure);
    return o;
  }
  static Outcome skip_retry(Failure failure) {
    Outcome o = fail(std::move(failure));
    o.kind_ = Kind::kSkipRetry;
    return o;
  }

  Kind kind() const { return kind_; }
  const Failure& failure() const { return failure_; }  // kFail, kSkipRetry
  Duration delay() const { return delay_; }            // kSnooze

 private:
  Kind kind_ = Kind::kDone;
  Failure failure_;
  Duration delay_{};
};

}  // namespace windlass
