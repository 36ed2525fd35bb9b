// Handlers written for Boost.Asio: boost::asio::awaitable in a coroutine handler. Opt-in: this header includes Boost
// (1.81 or later), no other header of the library does, and windlass.hpp does not include it.
//
//   boost::asio::io_context io;                       // the program's own, run by threads of its own
//   mux.handle("fetch", windlass::asio_handler(io.get_executor(), [](windlass::Context& ctx) ->
//   boost::asio::awaitable<void> {
//     boost::asio::ip::tcp::socket socket(co_await boost::asio::this_coro::executor);
//     ...
//   }));
//   // or, within a coroutine handler of our own:
//   const std::string page = co_await windlass::from_asio(io.get_executor(), fetch_page(url));
//
// The awaitable runs on its executor, in a strand of its own; the handler waits for its end and goes on, on its loop
// thread. When the run is told to stop, the awaitable is cancelled (cancellation_type::terminal): what it awaits ends
// with operation_aborted. The handler waits until the awaitable has really ended, and throws Stopped if it ended with
// an exception.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/strand.hpp>
#include <exception>
#include <memory>
#include <type_traits>
#include <utility>

#include <windlass/coroutine.hpp>

namespace windlass {

namespace internal {

template <class T>
class AsioOperation final : public Operation {
 public:
  AsioOperation(boost::asio::any_io_executor executor, boost::asio::awaitable<T> work)
      : shared_(std::make_shared<Shared>(std::move(executor))), work_(std::move(work)) {}

  bool await_ready() const noexcept { return false; }
  template <InAsync Promise>
  bool await_suspend(std::coroutine_handle<Promise> caller) {
    if (!begin(caller)) return false;
    shared_->mail->await(*this, run());
    run().wait(*this);
    boost::asio::co_spawn(shared_->strand, std::move(work_),
                          boost::asio::bind_cancellation_slot(shared_->signal.slot(), Done{shared_}));
    return true;
  }
  T await_resume() {
    end();
    try {
      return shared_->mail->completion.take();
    } catch (...) {
      if (run().stop_reason() == StopReason::kNone) throw;
    }
    throw Stopped(run().stop_reason());
  }
  void stop() override {
    boost::asio::post(shared_->strand,
                      [shared = shared_] { shared->signal.emit(boost::asio::cancellation_type::terminal); });
  }

 private:
  struct Shared {
    explicit Shared(boost::asio::any_io_executor executor) : strand(boost::asio::make_strand(std::move(executor))) {}

    boost::asio::strand<boost::asio::any_io_executor> strand;
    boost::asio::cancellation_signal signal;  // confined to the strand
    std::shared_ptr<MailboxOf<T>> mail = std::make_shared<MailboxOf<T>>();
  };
  // What co_spawn calls at the end.
  struct Done {
    std::shared_ptr<Shared> shared;

    void operator()(std::exception_ptr thrown) const { finish(thrown, std::monostate()); }
    template <class V>
    void operator()(std::exception_ptr thrown, V value) const {
      finish(thrown, std::move(value));
    }
    template <class V>
    void finish(const std::exception_ptr& thrown, V value) const {
      if (thrown)
        shared->mail->completion.set_exception(thrown);
      else
        shared->mail->completion.set(std::move(value));
      // Behind this call, in the strand: Asio has then let go of its frame and of the exception, on its own thread.
      boost::asio::post(shared->strand, [mail = shared->mail] { mail->post(); });
    }
  };

  const std::shared_ptr<Shared> shared_;
  boost::asio::awaitable<T> work_;
};

}  // namespace internal

// Runs `work` on `executor`, which must go on running until then, and gives its value or throws its exception.
template <class T>
Async<T> from_asio(boost::asio::any_io_executor executor, boost::asio::awaitable<T> work) {
  internal::AsioOperation<T> operation(std::move(executor), std::move(work));
  co_return co_await operation;
}

// Makes a coroutine handler of fn(ctx), or fn(ctx, value), that returns an awaitable of void or of something
// convertible to Outcome.
template <class F>
auto asio_handler(boost::asio::any_io_executor executor, F fn) {
  return [ executor = std::move(executor),
           fn = std::move(fn) ](auto&... arguments) mutable requires std::is_invocable_v<F&, decltype(arguments)...> {
    return from_asio(executor, fn(arguments...));
  };
}

}  // namespace windlass
