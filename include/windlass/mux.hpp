// Mux: from task types to handlers.
//
//   windlass::Mux mux;
//   mux.handle("image:", [](windlass::Context& ctx) { resize(ctx.payload().bytes()); });         // every type image:...
//   mux.handle<Email>("email:send", [](windlass::Context&, const Email& mail) { send(mail); });  // see codec.hpp
//   mux.handle("poll", [](windlass::Context&) -> windlass::Async<> { co_await windlass::sleep_for(1s); });  // see coroutine.hpp
//   mux.use([](windlass::Context& ctx, const windlass::Handler& next) { Timer t; return next(ctx); });
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <windlass/codec.hpp>
#include <windlass/context.hpp>
#include <windlass/coroutine.hpp>
#include <windlass/isolation.hpp>
#include <windlass/outcome.hpp>

namespace windlass {

// What runs a task. Called by many threads at once.
using Handler = std::function<Outcome(Context&)>;
// Runs around a handler: does what it wants before and after `next(ctx)`, or does not call it at all.
using Middleware = std::function<Outcome(Context&, const Handler& next)>;

// The same for coroutines. `next` lives as long as the run.
using AsyncHandler = std::function<Async<Outcome>(Context&)>;
using AsyncMiddleware = std::function<Async<Outcome>(Context&, const AsyncHandler& next)>;

namespace internal {
// Makes a Handler of a callable that returns void or something convertible to Outcome.
template <class F, class... Args>
Outcome call_handler(F& fn, Args&&... args) {
  if constexpr (std::is_void_v<std::invoke_result_t<F&, Args...>>) {
    std::invoke(fn, std::forward<Args>(args)...);
    return Outcome::done();
  } else {
    return std::invoke(fn, std::forward<Args>(args)...);
  }
}

template <class T>
Async<Outcome> as_outcome(Async<T> call) {
  if constexpr (std::is_void_v<T>) {
    co_await std::move(call);
    co_return Outcome::done();
  } else {
    co_return co_await std::move(call);
  }
}
inline Async<Outcome> as_outcome(Async<Outcome> call) { return call; }

// Holds the value while the handler runs.
template <class T, class F>
Async<Outcome> call_decoded(F& fn, Context& ctx) {
  const Result<T> value = codec::decode<T>(ctx.payload().bytes());
  if (!value) co_return Outcome::skip_retry(Failure(FailureKind::kBadPayload, value.error().message()));
  auto call = as_outcome(std::invoke(fn, ctx, *value));
  co_return co_await std::move(call);
}

struct MuxAccess;

// True for a null pointer and a std::function without target; what cannot be empty is not.
template <class F>
bool is_empty_callable(const F& fn) {
  if constexpr (std::is_pointer_v<F> || std::is_member_pointer_v<F>) return fn == nullptr;
  else if constexpr (requires { fn.operator bool(); }) return !fn;
  else return false;
}
}  // namespace internal

// Build it first, then run servers with it: const members are thread-safe, the others are not. Copyable: a server keeps
// a copy, so the Mux need not outlive it. The copies share the handlers, which may be called from many threads at once.
class Mux {
 public:
  Mux();
  ~Mux();
  Mux(const Mux&);
  Mux& operator=(const Mux&);
  Mux(Mux&&) noexcept;
  Mux& operator=(Mux&&) noexcept;

  // Handles the tasks whose type is `pattern`, or begins with it where no longer pattern fits: an exact match first,
  // then the longest registered prefix, byte by byte. `options` say where the handler runs; see isolation.hpp. A handler that
  // returns an Async is a coroutine handler; it runs on the server's loop threads.
  // Throws std::invalid_argument for a blank pattern, an empty handler, a coroutine handler in a process of its own, or a
  // pattern registered before: all bugs of the program.
  template <class F>
    requires std::is_invocable_v<F&, Context&>
  Mux& handle(std::string pattern, F fn, HandlerOptions options = {}) {
    const bool empty = internal::is_empty_callable(fn);
    if constexpr (internal::is_async<std::invoke_result_t<F&, Context&>>) {
      AsyncHandler handler = [fn = std::move(fn)](Context& ctx) mutable { return internal::as_outcome(std::invoke(fn, ctx)); };
      return add(std::move(pattern), empty ? nullptr : std::move(handler), std::move(options));
    } else {
      Handler handler = [fn = std::move(fn)](Context& ctx) mutable { return internal::call_handler(fn, ctx); };
      return add(std::move(pattern), empty ? nullptr : std::move(handler), std::move(options));
    }
  }

  // As above, for a payload that holds a T in JSON or MessagePack (told apart by the first byte). A payload that does
  // not decode archives the task at once, with FailureKind::kBadPayload and a text that names the field.
  template <class T, class F>
    requires std::is_invocable_v<F&, Context&, const T&>
  Mux& handle(std::string pattern, F fn, HandlerOptions options = {}) {
    const bool empty = internal::is_empty_callable(fn);
    if constexpr (internal::is_async<std::invoke_result_t<F&, Context&, const T&>>) {
      AsyncHandler handler = [fn = std::move(fn)](Context& ctx) mutable { return internal::call_decoded<T>(fn, ctx); };
      return add(std::move(pattern), empty ? nullptr : std::move(handler), std::move(options));
    } else {
      Handler handler = [fn = std::move(fn)](Context& ctx) mutable -> Outcome {
        const Result<T> value = codec::decode<T>(ctx.payload().bytes());
        if (!value) return Outcome::skip_retry(Failure(FailureKind::kBadPayload, value.error().message()));
        return internal::call_handler(fn, ctx, *value);
      };
      return add(std::move(pattern), empty ? nullptr : std::move(handler), std::move(options));
    }
  }

  // Adds a middleware; they run in the order added, the first one outermost, around every handler and also where no
  // handler is found, for patterns registered before and after. Throws std::invalid_argument for an empty one.
  //
  // This one is for handlers that run on threads: it cannot wait without holding one. So a mux that has it takes no coroutine
  // handlers: both throw std::invalid_argument, whichever comes second, rather than leave it out.
  Mux& use(Middleware middleware);
  // The same middleware in two forms, for handlers on threads and for coroutine handlers. Either may be nullptr: then the mux
  // takes no handlers of that kind.
  Mux& use(Middleware for_threads, AsyncMiddleware for_coroutines);

  // Whether the handler of this type is a coroutine handler, which runs by run_async() only.
  bool is_async(std::string_view type) const;
  // Whether it has any coroutine handler.
  bool has_async() const;

  // Runs the handler of ctx.type(), which makes a mux a handler of another one. Without a handler: Outcome::fail with
  // FailureKind::kNoHandler. Throws what the handler or a middleware throws, and std::logic_error where is_async(ctx.type()).
  Outcome run(Context& ctx) const;
  // The same for coroutine handlers: throws std::logic_error where the handler is none.
  Async<Outcome> run_async(Context& ctx) const;

  // The pattern that would handle this type; empty = none.
  std::string find_pattern(std::string_view type) const;

  // All patterns, sorted.
  std::vector<std::string> patterns() const;
  // What the handler of this type was registered with; nullptr where there is none. It lives as long as this mux.
  const HandlerOptions* find_options(std::string_view type) const;

 private:
  friend struct internal::MuxAccess;
  Mux& add(std::string pattern, Handler handler, HandlerOptions options);
  Mux& add(std::string pattern, AsyncHandler handler, HandlerOptions options);

  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace windlass
