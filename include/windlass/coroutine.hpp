// Async<T>: the coroutine type of handlers that wait instead of holding a thread, and what such a handler can await.
//
//   windlass::Async<windlass::Outcome> poll_job(windlass::Context& ctx) {
//     while (!job_is_ready(ctx.payload())) co_await windlass::sleep_for(10s);
//     const std::string report = co_await windlass::on_thread([&ctx] { return render(ctx.payload()); });   // blocks
//     const auto mail = co_await client.async_enqueue(windlass::Task("email:send", report));
//     co_return mail ? windlass::Outcome::done() : windlass::Outcome::fail(mail.error().message());
//   }
//   mux.handle("job:poll", poll_job);
//
// A handler runs on one of the server's loop threads (ServerConfig::loop_threads) from one co_await to the next. It
// must not block there: all other handlers of that thread would wait.
//
// When the run is told to stop (timeout, deadline, cancel, lost lease, shutdown), what it awaits ends at once by
// throwing Stopped, and so does all that it awaits later. Let it fly: the run then fails, or is given back, as its stop
// reason says.
//
// g++ 12 destroys some temporaries twice that stand in one full expression with co_await: aggregates made with braces,
// capturing lambdas by value, `?:` around co_await. No type of this library is concerned; name your own first. Lambdas
// for on_thread may capture by reference.
#pragma once

#include <atomic>
#include <concepts>
#include <coroutine>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include <windlass/context.hpp>
#include <windlass/error.hpp>
#include <windlass/time.hpp>

namespace windlass {

// The run was told to stop while, or before, it awaited something.
class Stopped : public std::exception {
 public:
  // Thrown by the library; throw it on.
  explicit Stopped(StopReason reason)
      : reason_(reason), what_("told to stop: " + std::string(stop_reason_name(reason))) {}
  const char* what() const noexcept override { return what_.c_str(); }
  StopReason reason() const { return reason_; }

 private:
  StopReason reason_;
  std::string what_;
};

namespace internal {

class Operation;
class Mailbox;

enum class FdEvent : std::uint8_t { kReadable, kWritable };

// The run that a coroutine belongs to, as what it awaits sees it. The server implements it. Confined to the run's loop
// thread, except post() and the stop reason.
class CoroutineRun {
 public:
  virtual StopReason stop_reason() const = 0;
  // The coroutine of `op` waits from now on, until ready(op): which the run calls itself when the time or the event has
  // come.
  virtual void wait(Operation& op) = 0;
  virtual void wait_for(Operation& op, Duration length) = 0;
  virtual void wait_until(Operation& op, TimePoint time) = 0;
  virtual Status wait_fd(Operation& op, int fd, FdEvent event) = 0;
  // The coroutine of `op` goes on soon. REQUIRES: it waits.
  virtual void ready(Operation& op) = 0;
  // `op`, which waits or is ready, goes away with the frame that it is in.
  virtual void forget(Operation& op) noexcept = 0;
  // Calls mail->open() on the loop thread. REQUIRES: the run's coroutine waits for it. Thread-safe.
  virtual void post(std::shared_ptr<Mailbox> mail) = 0;
  // Calls `call` on a thread on which it may block.
  virtual void call_on_thread(std::function<void()> call) = 0;

 protected:
  ~CoroutineRun() = default;
};

// What a suspended coroutine waits for. It lives in the coroutine's frame.
class Operation {
 public:
  Operation() = default;
  Operation(const Operation&) = delete;
  Operation& operator=(const Operation&) = delete;

  // The run is told to stop while this waits.
  virtual void stop() {
    stopped_ = true;
    run_->ready(*this);
  }
  std::coroutine_handle<> coroutine() const { return coroutine_; }
  CoroutineRun& run() const { return *run_; }

  // For the run: its list of what waits, and how the wait ends.
  enum class State : std::uint8_t { kIdle, kWaiting, kReady };
  State state = State::kIdle;
  Operation* previous = nullptr;
  Operation* next = nullptr;
  Duration due{};  // steady; zero: no timer
  int fd = -1;     // none
  FdEvent event = FdEvent::kReadable;

 protected:
  virtual ~Operation() {
    if (state != State::kIdle) run_->forget(*this);
  }
  // False if the run was told to stop: then nothing is waited for, and end() throws.
  template <class Promise>
  bool begin(std::coroutine_handle<Promise> caller) {
    coroutine_ = caller;
    run_ = caller.promise().run;
    stopped_ = run_->stop_reason() != StopReason::kNone;
    return !stopped_;
  }
  void end() const {
    if (stopped_) throw Stopped(run_->stop_reason());
  }

 private:
  std::coroutine_handle<> coroutine_;
  CoroutineRun* run_ = nullptr;
  bool stopped_ = false;
};

// What a call has come to: nothing yet, a T, or an exception.
template <class T>
class Completion {
 public:
  void set_exception(std::exception_ptr thrown = std::current_exception()) { state_.template emplace<2>(std::move(thrown)); }
  template <class V>
  void set(V&& value) {
    state_.template emplace<1>(std::forward<V>(value));
  }
  // Keeps what fn() returns or throws.
  template <class F>
  void call(F& fn) noexcept {
    try {
      if constexpr (std::is_void_v<std::invoke_result_t<F&>>) {
        fn();
        set(std::monostate());
      } else {
        set(fn());
      }
    } catch (...) { set_exception(); }
  }
  T take() {
    if (state_.index() == 2) std::rethrow_exception(std::move(std::get<2>(state_)));
    if constexpr (!std::is_void_v<T>) return std::move(std::get<1>(state_));
  }

 private:
  struct Nothing {};
  std::variant<Nothing, std::conditional_t<std::is_void_v<T>, std::monostate, T>, std::exception_ptr> state_;
};

// Resumes a coroutine when the last of several others has ended.
struct Latch {
  std::size_t count = 0;
  std::coroutine_handle<> waiting;
};

class PromiseBase {
 public:
  struct FinalAwaiter {
    bool await_ready() const noexcept { return false; }
    template <class Promise>
    std::coroutine_handle<> await_suspend(std::coroutine_handle<Promise> ended) const noexcept {
      return ended.promise().next_coroutine();
    }
    void await_resume() const noexcept {}
  };

  std::suspend_always initial_suspend() const noexcept { return {}; }
  FinalAwaiter final_suspend() const noexcept { return {}; }

  // Whoever waits for the end. One that ends before it was waited for, on the stack of the one that started it, returns
  // there: so a loop over awaits that end at once does not deepen the stack, also where the compiler makes no tail
  // calls.
  CoroutineRun* run = nullptr;
  std::coroutine_handle<> continuation;
  Latch* latch = nullptr;

 private:
  std::coroutine_handle<> next_coroutine() const noexcept {
    if (continuation) return continuation;
    if (latch != nullptr && --latch->count == 0) return latch->waiting;
    return std::noop_coroutine();
  }
};

template <class T>
class Promise;
struct AsyncAccess;

}  // namespace internal

// A call that has not begun yet: co_await begins it, waits for its end, and gives its T or throws its exception.
// Move-only; one that is never awaited never runs. It can be awaited in another Async only, for it needs the run that
// it is a part of. Thread-compatible. Its frame is its only allocation.
template <class T = void>
class [[nodiscard]] Async {
  static_assert(!std::is_reference_v<T>, "an Async gives a value: return a pointer or a std::reference_wrapper");

 public:
  using promise_type = internal::Promise<T>;
  using value_type = T;

  Async(Async&& other) noexcept : coroutine_(std::exchange(other.coroutine_, nullptr)) {}
  Async& operator=(Async&& other) noexcept {
    std::swap(coroutine_, other.coroutine_);
    return *this;
  }
  ~Async() {
    if (coroutine_) coroutine_.destroy();
  }

  class Awaiter;
  // REQUIRES: not moved from, and not awaited before.
  Awaiter operator co_await() && noexcept { return Awaiter(coroutine_); }

 private:
  friend class internal::Promise<T>;
  friend struct internal::AsyncAccess;
  explicit Async(std::coroutine_handle<promise_type> coroutine) : coroutine_(coroutine) {}

  std::coroutine_handle<promise_type> coroutine_;
};

namespace internal {

template <class T>
class Promise final : public PromiseBase {
 public:
  Async<T> get_return_object() { return Async<T>(std::coroutine_handle<Promise>::from_promise(*this)); }
  template <class V = T>
  requires std::convertible_to<V&&, T>
  void return_value(V&& value) { completion.set(std::forward<V>(value)); }
  void unhandled_exception() noexcept { completion.set_exception(); }

  Completion<T> completion;
};

template <>
class Promise<void> final : public PromiseBase {
 public:
  Async<void> get_return_object() { return Async<void>(std::coroutine_handle<Promise>::from_promise(*this)); }
  void return_void() { completion.set(std::monostate()); }
  void unhandled_exception() noexcept { completion.set_exception(); }

  Completion<void> completion;
};

// What the server, and what awaits several at once, do with an Async.
struct AsyncAccess {
  // Runs it up to its first wait. True if it has ended.
  template <class T>
  static bool start(const Async<T>& async, CoroutineRun& run) {
    async.coroutine_.promise().run = &run;
    async.coroutine_.resume();
    return async.coroutine_.done();
  }
  template <class T>
  static bool done(const Async<T>& async) {
    return async.coroutine_.done();
  }
  template <class T>
  static T take(const Async<T>& async) {
    return async.coroutine_.promise().completion.take();
  }
  template <class T>
  static void set_latch(const Async<T>& async, Latch& latch) {
    async.coroutine_.promise().latch = &latch;
  }
};

template <class Promise>
concept InAsync = std::derived_from<Promise, PromiseBase>;

template <class T>
inline constexpr bool is_async = false;
template <class T>
inline constexpr bool is_async<Async<T>> = true;

}  // namespace internal

template <class T>
class Async<T>::Awaiter {
 public:
  explicit Awaiter(std::coroutine_handle<promise_type> coroutine) : coroutine_(coroutine) {}

  bool await_ready() const noexcept { return false; }
  template <internal::InAsync Promise>
  bool await_suspend(std::coroutine_handle<Promise> caller) const noexcept {
    promise_type& promise = coroutine_.promise();
    promise.run = caller.promise().run;
    coroutine_.resume();
    if (coroutine_.done()) return false;
    promise.continuation = caller;
    return true;
  }
  T await_resume() const { return coroutine_.promise().completion.take(); }

 private:
  std::coroutine_handle<promise_type> coroutine_;
};

// ------------------------------------------------------------------------------------------------------------ times

namespace internal {

class SleepOperation final : public Operation {
 public:
  explicit SleepOperation(Duration length) : when_(length) {}
  explicit SleepOperation(TimePoint time) : when_(time) {}

  bool await_ready() const noexcept { return false; }
  template <InAsync Promise>
  bool await_suspend(std::coroutine_handle<Promise> caller) {
    if (!begin(caller)) return false;
    if (const Duration* length = std::get_if<Duration>(&when_))
      run().wait_for(*this, *length);
    else
      run().wait_until(*this, std::get<TimePoint>(when_));
    return true;
  }
  void await_resume() const { end(); }

 private:
  std::variant<Duration, TimePoint> when_;
};

class FdOperation final : public Operation {
 public:
  FdOperation(int descriptor, FdEvent wanted) : descriptor_(descriptor), wanted_(wanted) {}

  bool await_ready() const noexcept { return false; }
  template <InAsync Promise>
  bool await_suspend(std::coroutine_handle<Promise> caller) {
    if (!begin(caller)) return false;
    status_ = run().wait_fd(*this, descriptor_, wanted_);
    return status_.ok();
  }
  Status await_resume() const {
    end();
    return status_;
  }

 private:
  const int descriptor_;
  const FdEvent wanted_;
  Status status_;
};

}  // namespace internal

// Waits for a length of time, measured on a clock that nobody steps. co_await gives nothing.
inline internal::SleepOperation sleep_for(Duration length) { return internal::SleepOperation(length); }
// Waits until the wall clock shows `time`, by what it shows now: a step of the clock meanwhile does not count.
inline internal::SleepOperation sleep_until(TimePoint time) { return internal::SleepOperation(time); }

// Waits until `fd` can be read (or has an error, or its peer has gone), or written. The descriptor stays the caller's,
// and must stay open meanwhile; at most one coroutine may wait for each of the two. co_await gives a Status:
// kInvalidArgument (not a descriptor that one can wait for), kFailedPrecondition (somebody waits for it already),
// kResourceExhausted (no memory left in the kernel).
inline internal::FdOperation readable(int fd) { return {fd, internal::FdEvent::kReadable}; }
inline internal::FdOperation writable(int fd) { return {fd, internal::FdEvent::kWritable}; }

// ---------------------------------------------------------------------------------------------------- other threads

namespace internal {

// Carries what another thread has made to the coroutine that waits for it. Whoever makes it and whoever waits share it;
// the one who waits may leave before.
class Mailbox : public std::enable_shared_from_this<Mailbox> {
 public:
  virtual ~Mailbox() = default;
  // From now on `op` waits for post(). On the loop thread.
  void await(Operation& op, CoroutineRun& run) {
    const std::lock_guard lock(mu_);
    op_ = &op;
    run_ = &run;
  }
  // `op` waits no longer. On the loop thread.
  void leave() noexcept {
    const std::lock_guard lock(mu_);
    op_ = nullptr;
  }
  // What was waited for is here. Once, on any thread.
  void post() {
    const std::lock_guard lock(mu_);
    // The run lives as long as something of it waits.
    if (op_ != nullptr) run_->post(shared_from_this());
  }
  // On the loop thread.
  void open() {
    if (op_ != nullptr) run_->ready(*op_);
  }

 private:
  std::mutex mu_;
  Operation* op_ = nullptr;
  CoroutineRun* run_ = nullptr;
};

template <class T>
class MailboxOf final : public Mailbox {
 public:
  Completion<T> completion;  // of the one who posts, until post()
};

// Awaits what `start` lets another thread put into the mailbox. A stop ends the wait; what comes later is dropped.
template <class T, class Start>
class MailOperation final : public Operation {
 public:
  explicit MailOperation(Start start) : start_(std::move(start)) {}
  ~MailOperation() override { mail_->leave(); }

  bool await_ready() const noexcept { return false; }
  template <InAsync Promise>
  bool await_suspend(std::coroutine_handle<Promise> caller) {
    if (!begin(caller)) return false;
    mail_->await(*this, run());
    run().wait(*this);
    start_(mail_);
    return true;
  }
  T await_resume() {
    end();
    return mail_->completion.take();
  }
  void stop() override {
    mail_->leave();
    Operation::stop();
  }

 private:
  Start start_;
  const std::shared_ptr<MailboxOf<T>> mail_ = std::make_shared<MailboxOf<T>>();
};

// What a call on another thread comes to.
template <class T>
class CallMail final : public Mailbox {
 public:
  // True once: for the thread that is about to call, or for a stop that comes before.
  bool take() { return !taken_.exchange(true); }

  Completion<T> completion;

 private:
  std::atomic<bool> taken_ = false;
};

// A call that has begun uses what the coroutine owns, so the coroutine stays until it has returned, told to stop or not. One that
// has not begun by then is not made.
template <class F>
class ThreadOperation final : public Operation {
 public:
  using T = std::invoke_result_t<F&>;
  explicit ThreadOperation(F fn) : fn_(std::move(fn)) {}

  bool await_ready() const noexcept { return false; }
  template <InAsync Promise>
  bool await_suspend(std::coroutine_handle<Promise> caller) {
    if (!begin(caller)) return false;
    mail_->await(*this, run());
    run().wait(*this);
    run().call_on_thread([this, mail = mail_] {
      // After a stop this may be gone.
      if (!mail->take()) return;
      mail->completion.call(fn_);
      mail->post();
    });
    return true;
  }
  T await_resume() {
    end();
    return mail_->completion.take();
  }
  void stop() override {
    if (!mail_->take()) return;
    mail_->leave();
    Operation::stop();
  }

 private:
  F fn_;
  const std::shared_ptr<CallMail<T>> mail_ = std::make_shared<CallMail<T>>();
};

}  // namespace internal

// Calls fn() on a thread of the server that is there for this, where it may block, and gives what it returns or throws.
// Once fn has begun, the coroutine waits until it returns, also when the run is told to stop: a long fn should look at
// ctx.stop_token(). At most 64 calls of a server run at once, the others wait for their turn; a stop ends that wait.
template <class F>
requires std::invocable<F&> internal::ThreadOperation<F> on_thread(F fn) {
  return internal::ThreadOperation<F>(std::move(fn));
}

// ------------------------------------------------------------------------------------------------- several at once

namespace internal {

// Starts all of them, one after the other, and ends when the last one has.
template <class Tuple>
class AllAwaiter {
 public:
  explicit AllAwaiter(Tuple& all) : all_(all) {}

  bool await_ready() const noexcept { return false; }
  template <InAsync Promise>
  bool await_suspend(std::coroutine_handle<Promise> caller) noexcept {
    latch_.waiting = caller;
    for_each(all_, [&](const auto& one) {
      if (AsyncAccess::start(one, *caller.promise().run)) return;
      AsyncAccess::set_latch(one, latch_);
      ++latch_.count;
    });
    return latch_.count > 0;
  }
  void await_resume() const noexcept {}

 private:
  template <class... T, class F>
  static void for_each(std::tuple<Async<T>...>& all, F f) {
    std::apply([&](const auto&... one) { (f(one), ...); }, all);
  }
  template <class T, class F>
  static void for_each(std::vector<Async<T>>& all, F f) {
    for (const Async<T>& one : all) f(one);
  }

  Tuple& all_;
  Latch latch_;
};

// An Async<void> gives nothing to put into a tuple or a vector.
template <class T>
using ValueOf = std::conditional_t<std::is_void_v<T>, std::monostate, T>;

template <class T>
ValueOf<T> take_value(const Async<T>& async) {
  if constexpr (std::is_void_v<T>) {
    AsyncAccess::take(async);
    return {};
  } else {
    return AsyncAccess::take(async);
  }
}

}  // namespace internal

// Runs them at the same time (on the one loop thread of the run) and gives their values in order, std::monostate for
// void. It waits for all; then it throws the exception of the first in order that has thrown.
template <class... T>
Async<std::tuple<internal::ValueOf<T>...>> when_all(Async<T>... each) {
  std::tuple<Async<T>...> all(std::move(each)...);
  internal::AllAwaiter<std::tuple<Async<T>...>> waiting(all);
  co_await waiting;
  co_return std::apply(
      [](const auto&... one) { return std::tuple<internal::ValueOf<T>...>{internal::take_value(one)...}; }, all);
}

// The same for any number of one kind; the values are in the order of the calls.
template <class T>
Async<std::vector<internal::ValueOf<T>>> when_all(std::vector<Async<T>> all) {
  internal::AllAwaiter<std::vector<Async<T>>> waiting(all);
  co_await waiting;
  std::vector<internal::ValueOf<T>> values;
  values.reserve(all.size());
  for (const Async<T>& one : all) values.push_back(internal::take_value(one));
  co_return values;
}

}  // namespace windlass
