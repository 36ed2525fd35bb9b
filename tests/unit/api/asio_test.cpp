// boost::asio::awaitable in coroutine handlers.
#include <windlass/asio.hpp>

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <stdexcept>
#include <thread>
#include <vector>

#include "coroutine_fixture.hpp"

namespace windlass {
namespace {

namespace asio = boost::asio;

class AsioHandlers : public CoroutineApi {
 protected:
  // Two threads: nothing may depend on there being one.
  AsioHandlers() {
    for (int i = 0; i < 2; ++i) threads_.emplace_back([this] { io.run(); });
  }
  ~AsioHandlers() override {
    work_.reset();
    for (std::thread& thread : threads_) thread.join();
  }

  static asio::awaitable<int> add_later(int a, int b) {
    asio::steady_timer timer(co_await asio::this_coro::executor, 1ms);
    co_await timer.async_wait(asio::use_awaitable);
    co_return a + b;
  }
  static asio::awaitable<void> wait_for_ever() {
    asio::steady_timer timer(co_await asio::this_coro::executor, 1h);
    co_await timer.async_wait(asio::use_awaitable);
  }

  asio::io_context io;

 private:
  asio::executor_work_guard<asio::io_context::executor_type> work_ = asio::make_work_guard(io);
  std::vector<std::thread> threads_;
};

TEST_F(AsioHandlers, AnAwaitableGivesItsValueOnTheLoopThread) {
  const TaskInfo info = run_handler([this](Context&) -> Async<Outcome> {
    const auto here = std::this_thread::get_id();
    std::vector<Async<int>> all;
    for (int i = 0; i < 20; ++i) all.push_back(from_asio(io.get_executor(), add_later(i, 1)));
    int sum = 0;
    for (const int value : co_await when_all(std::move(all))) sum += value;
    if (std::this_thread::get_id() != here) co_return Outcome::fail("on another thread");
    co_return Outcome::fail(std::to_string(sum));
  });
  EXPECT_EQ(info.failure.message, "210");
}

TEST_F(AsioHandlers, AnAwaitableIsAHandlerByItself) {
  Mux mux;
  std::atomic<bool> called = false;
  mux.handle("t", asio_handler(io.get_executor(), [&](Context& ctx) -> asio::awaitable<Outcome> {
               called = co_await add_later(1, 2) == 3 && ctx.task_id() == "the task";
               co_return Outcome::done();
             }));
  EXPECT_TRUE(mux.is_async("t"));
  EXPECT_EQ(run(mux).state, TaskState::kCompleted);
  EXPECT_TRUE(called);
}

TEST_F(AsioHandlers, WhatItThrowsIsTheOutcome) {
  Mux mux;
  mux.handle("t", asio_handler(io.get_executor(), [](Context&) -> asio::awaitable<void> {
               co_await add_later(1, 2);
               throw std::runtime_error("boom");
             }));
  EXPECT_EQ(run(mux).failure.message, "std::runtime_error: boom");
}

TEST_F(AsioHandlers, ATypedPayloadReachesIt) {
  Mux mux;
  std::atomic<int> got = 0;
  mux.handle<int>("number", asio_handler(io.get_executor(), [&](Context&, const int& n) -> asio::awaitable<void> {
                    got = co_await add_later(n, 1);
                  }));
  mux.handle("t", [](Context&) {});
  Client client(store);
  ASSERT_TRUE(client.enqueue(Task("number", Payload("41"))));
  run(mux);
  EXPECT_EQ(got, 42);
}

TEST_F(AsioHandlers, ATimeoutCancelsWhatItAwaits) {
  const TaskInfo info =
      run_handler([this](Context&) -> Async<> { co_await from_asio(io.get_executor(), wait_for_ever()); }, 1s);
  EXPECT_EQ(info.failure.kind, FailureKind::kTimeout);
  EXPECT_NE(info.failure.message.find("windlass::Stopped"), std::string::npos) << info.failure.message;
}

}  // namespace
}  // namespace windlass
