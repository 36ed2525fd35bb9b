// What coroutine handlers await beyond their loop: our own client, TCP.
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <thread>
#include <vector>

#include <windlass/tcp.hpp>

#include "coroutine_fixture.hpp"
#include "net/fd.hpp"

namespace windlass {
namespace {

// ------------------------------------------------------------------------------------------------------ async_enqueue

TEST_F(CoroutineApi, AHandlerEnqueuesWithoutHoldingItsThread) {
  Client client(store);
  std::atomic<int> children = 0;
  Mux mux;
  mux.handle("child", [&](Context&) -> Async<> {
    ++children;
    co_return;
  });
  mux.handle("t", [&](Context&) -> Async<Outcome> {
    const auto one = [](Client& c) -> Async<Result<TaskInfo>> {
      co_return co_await c.async_enqueue(Task("child", std::string(100, 'x'), EnqueueOptions().max_retry(3)));
    };
    std::vector<Async<Result<TaskInfo>>> all;
    for (int i = 0; i < 50; ++i) all.push_back(one(client));
    for (const Result<TaskInfo>& stored : co_await when_all(std::move(all))) {
      if (!stored) co_return Outcome::fail(stored.error().message());
    }
    const Result<TaskInfo> bad = co_await client.async_enqueue(Task(""));
    co_return bad ? Outcome::fail("a blank type was taken") : Outcome::done();
  });
  EXPECT_EQ(run(mux).state, TaskState::kCompleted);
  EXPECT_EQ(children, 50);
}

TEST_F(CoroutineApi, AnErrorOfTheStoreComesBackAsAValue) {
  Client client(store);
  const TaskInfo info = run_handler([&](Context&) -> Async<Outcome> {
    store->on_call([](testing::Verb verb, int) {
      return verb == testing::Verb::kEnqueue ? testing::Fault::kBefore : testing::Fault::kNone;
    });
    const Result<TaskInfo> stored = co_await client.async_enqueue(Task("child"));
    co_return Outcome::fail(std::string(error_code_name(stored.error().code())));
  });
  EXPECT_EQ(info.failure.message, "unavailable");
}

TEST_F(CoroutineApi, AStopEndsTheWaitForAStoreThatHangsAndTheAnswerIsDropped) {
  std::promise<void> gate;
  const std::shared_future<void> open = gate.get_future().share();
  Client client(store);
  std::atomic<bool> hang = false;
  std::atomic<bool> stopped = false;
  // While it hangs no other call of the store is answered either: the stop must not need one.
  Mux mux;
  mux.handle("t", [&](Context&) -> Async<> {
    hang = true;
    try {
      (void)co_await client.async_enqueue(Task("child"));
    } catch (const Stopped&) {
      stopped = true;
      gate.set_value();
      throw;
    }
  });
  mux.handle("child", [](Context&) {});
  store->on_call([&](testing::Verb verb, int) {
    if (verb == testing::Verb::kEnqueue && hang) open.wait();
    return testing::Fault::kNone;
  });
  const TaskInfo info = run(mux, 1s);
  EXPECT_TRUE(stopped);
  EXPECT_EQ(info.failure.kind, FailureKind::kTimeout);
}

// --------------------------------------------------------------------------------------------------------------- TCP

// Listens on a free port of the loopback.
class Listener {
 public:
  Listener() : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    EXPECT_EQ(::bind(socket_.get(), reinterpret_cast<sockaddr*>(&address), size), 0);
    EXPECT_EQ(::listen(socket_.get(), 128), 0);
    EXPECT_EQ(::getsockname(socket_.get(), reinterpret_cast<sockaddr*>(&address), &size), 0);
    port_ = ntohs(address.sin_port);
  }
  std::uint16_t port() const { return port_; }
  net::Fd accept() const { return net::Fd(::accept4(socket_.get(), nullptr, nullptr, SOCK_CLOEXEC)); }
  void close() { socket_ = net::Fd(); }

 private:
  net::Fd socket_;
  std::uint16_t port_ = 0;
};

// Sends back all that comes, until the other side ends.
void echo(const net::Fd& peer) {
  std::vector<char> buffer(65536);
  for (;;) {
    const ssize_t n = ::recv(peer.get(), buffer.data(), buffer.size(), 0);
    if (n <= 0) return;
    for (ssize_t sent = 0; sent < n;) {
      const ssize_t now = ::send(peer.get(), buffer.data() + sent, static_cast<std::size_t>(n - sent), MSG_NOSIGNAL);
      if (now < 0) return;
      sent += now;
    }
  }
}

Async<Status> send_all(TcpStream& stream, std::string_view bytes) { co_return co_await stream.write(bytes); }
Async<std::string> receive(TcpStream& stream, std::size_t size) {
  std::string all;
  std::array<char, 10000> buffer;
  while (all.size() < size) {
    const Result<std::size_t> n = co_await stream.read_some(buffer);
    if (!n || *n == 0) break;
    all.append(buffer.data(), *n);
  }
  co_return all;
}

TEST_F(CoroutineApi, AStreamCarriesMoreThanTheKernelBuffersInBothDirectionsAtOnce) {
  const Listener listener;
  std::thread server([&] { echo(listener.accept()); });
  const std::string text(8 << 20, 'x');
  const TaskInfo info = run_handler([&](Context&) -> Async<Outcome> {
    Result<TcpStream> stream = co_await TcpStream::connect("localhost", listener.port());
    if (!stream) co_return Outcome::fail(stream.error().message());
    const auto [sent, received] = co_await when_all(send_all(*stream, text), receive(*stream, text.size()));
    co_return sent&& received == text ? Outcome::done() : Outcome::fail("something else came back");
  });
  server.join();
  EXPECT_EQ(info.state, TaskState::kCompleted) << info.failure.message;
}

TEST_F(CoroutineApi, TheEndOfAPeerAndARefusedConnectionAreToldApart) {
  Listener listener;
  std::thread server([&] { listener.accept(); });
  const TaskInfo info = run_handler([&](Context&) -> Async<Outcome> {
    Result<TcpStream> stream = co_await TcpStream::connect("127.0.0.1", listener.port());
    if (!stream) co_return Outcome::fail(stream.error().message());
    std::array<char, 10> buffer;
    const Result<std::size_t> n = co_await stream->read_some(buffer);
    if (!n || *n != 0) co_return Outcome::fail("no end of the stream");
    co_await on_thread([&] {
      server.join();
      listener.close();
    });
    const Result<TcpStream> refused = co_await TcpStream::connect("127.0.0.1", listener.port());
    co_return Outcome::fail(refused ? "connected" : refused.error().message());
  });
  if (server.joinable()) server.join();
  EXPECT_EQ(info.failure.message, "127.0.0.1:" + std::to_string(listener.port()) + ": connect: Connection refused");
}

TEST_F(CoroutineApi, ATimeoutEndsTheReadOfASilentPeer) {
  const Listener listener;
  std::atomic<bool> reading = false;
  std::thread server([&] {
    const net::Fd peer = listener.accept();
    char byte = 0;
    EXPECT_EQ(::recv(peer.get(), &byte, 1, 0), 0) << "the handler's end closed it";
  });
  const TaskInfo info = run_handler(
      [&](Context&) -> Async<> {
        Result<TcpStream> stream = co_await TcpStream::connect("127.0.0.1", listener.port());
        std::array<char, 10> buffer;
        reading = true;
        (void)co_await stream->read_some(buffer);
      },
      3s);
  server.join();
  EXPECT_TRUE(reading);
  EXPECT_EQ(info.failure.kind, FailureKind::kTimeout);
}

TEST_F(CoroutineApi, ANameThatDoesNotExistIsAnError) {
  const TaskInfo info = run_handler([](Context&) -> Async<Outcome> {
    const Result<TcpStream> stream = co_await TcpStream::connect("no-such-host.invalid", 1);
    co_return Outcome::fail(stream ? "connected" : stream.error().message());
  });
  EXPECT_TRUE(info.failure.message.starts_with("no-such-host.invalid:1: look-up: ")) << info.failure.message;
}

}  // namespace
}  // namespace windlass
