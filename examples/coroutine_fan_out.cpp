// Handlers that wait: one task asks eight services at once, a thousand others sleep, and all of that is one thread.
#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <iostream>
#include <thread>
#include <windlass/windlass.hpp>

using namespace std::chrono_literals;
using windlass::Async, windlass::Context, windlass::Outcome, windlass::Result, windlass::TcpStream;

// Asks one service, and says whether it answered with 200.
Async<bool> check(std::uint16_t port) {
  Result<TcpStream> stream = co_await TcpStream::connect("127.0.0.1", port);
  if (!stream) co_return false;
  const windlass::Status sent = co_await stream->write("GET /health HTTP/1.0\r\n\r\n");
  if (!sent) co_return false;
  std::string answer;
  std::array<char, 1024> buffer;
  for (;;) {
    const Result<std::size_t> n = co_await stream->read_some(buffer);
    if (!n) co_return false;
    if (*n == 0) co_return answer.starts_with("HTTP/1.0 200");
    answer.append(buffer.data(), *n);
  }
}

// All at once; the whole takes as long as the slowest. A timeout or a cancel ends it wherever it waits.
Async<Outcome> check_all(windlass::Client& client, std::uint16_t port) {
  std::vector<Async<bool>> checks;
  for (int i = 0; i < 8; ++i) checks.push_back(check(port));
  const std::vector<bool> healthy = co_await windlass::when_all(std::move(checks));
  const auto count = std::count(healthy.begin(), healthy.end(), true);
  const auto report =
      co_await client.async_enqueue(windlass::Task("report", std::to_string(count) + " of 8 services answered"));
  co_return report ? Outcome::done() : Outcome::fail(report.error().message());
}

// Stands for the services: answers each caller after a while.
void serve(int listener) {
  std::vector<std::jthread> callers;
  for (int caller = ::accept(listener, nullptr, nullptr); caller >= 0; caller = ::accept(listener, nullptr, nullptr)) {
    callers.emplace_back([caller] {
      std::array<char, 1024> request;
      if (::recv(caller, request.data(), request.size(), 0) > 0) std::this_thread::sleep_for(100ms);
      const std::string_view answer = "HTTP/1.0 200 OK\r\n\r\nhealthy";
      (void)!::send(caller, answer.data(), answer.size(), MSG_NOSIGNAL);
      ::close(caller);
    });
  }
}

int main() {
  const int listener = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  if (::bind(listener, reinterpret_cast<sockaddr*>(&address), size) != 0 || ::listen(listener, 64) != 0 ||
      ::getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size) != 0) {
    return std::cerr << "no port to listen on\n", 1;
  }
  std::thread services(serve, listener);

  const windlass::BrokerPtr broker = *windlass::open_broker("memory:");
  windlass::Client client(broker);
  std::atomic<int> reminded = 0;
  windlass::Mux mux;
  mux.handle("services:check", [&](Context&) { return check_all(client, ntohs(address.sin_port)); });
  mux.handle("remind", [&](Context&) -> Async<> {
    co_await windlass::sleep_for(500ms);
    ++reminded;
  });
  mux.handle("report", [](Context& ctx) { std::cout << ctx.payload().bytes() << '\n'; });  // on a thread, as ever

  const std::vector<windlass::Task> reminders(1000, windlass::Task("remind"));
  for (const auto& stored : client.enqueue_batch(reminders)) {
    if (!stored) return std::cerr << stored.error().message() << '\n', 1;
  }
  if (!client.enqueue(windlass::Task("services:check"), windlass::EnqueueOptions().timeout(10s))) return 1;

  windlass::ServerConfig config;
  config.concurrency = 2000;  // tasks in flight, not threads
  windlass::Server server(broker, config);
  if (!server.start(mux) || !server.wait_until_empty()) return 1;
  std::cout << reminded << " reminders\n";
  ::shutdown(listener, SHUT_RDWR);
  services.join();
  ::close(listener);
}
