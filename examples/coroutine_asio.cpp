// A handler written for Boost.Asio beside one of our own. The program's io_context has a thread of its own.
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <iostream>
#include <thread>
#include <windlass/asio.hpp>
#include <windlass/windlass.hpp>

namespace asio = boost::asio;
using namespace std::chrono_literals;

asio::awaitable<int> answer_later() {
  asio::steady_timer timer(co_await asio::this_coro::executor, 50ms);
  co_await timer.async_wait(asio::use_awaitable);
  co_return 42;
}

int main() {
  asio::io_context io;
  auto guard = asio::make_work_guard(io);
  std::thread io_thread([&] { io.run(); });

  windlass::Mux mux;
  // The whole handler is an awaitable.
  mux.handle("asio", windlass::asio_handler(io.get_executor(), [](windlass::Context& ctx) -> asio::awaitable<void> {
               ctx.write_result(std::to_string(co_await answer_later()));
             }));
  // A handler of our own that awaits one.
  mux.handle("mixed", [&](windlass::Context&) -> windlass::Async<> {
    const int answer = co_await windlass::from_asio(io.get_executor(), answer_later());
    co_await windlass::sleep_for(10ms);
    std::cout << "the answer is " << answer << '\n';
  });

  const windlass::BrokerPtr broker = *windlass::open_broker("memory:");
  windlass::Client client(broker);
  for (const char* type : {"asio", "mixed"}) {
    if (!client.enqueue(windlass::Task(type), windlass::EnqueueOptions().timeout(10s))) return 1;
  }
  windlass::Server server(broker);
  if (!server.start(mux) || !server.wait_until_empty()) return 1;
  server.stop();
  guard.reset();
  io_thread.join();
}
