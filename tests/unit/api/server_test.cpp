// Server as users have it: with the machine's clock, and with signals.
#include <windlass/server.hpp>

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <future>
#include <thread>

#include <gtest/gtest.h>

#include <windlass/client.hpp>
#include <windlass/log.hpp>

#include "api/signal_watch.hpp"
#include "base/clock.hpp"
#include "broker/broker.hpp"
#include "broker/memory/memory_broker.hpp"
#include "support/failing_broker.hpp"

namespace windlass {
namespace {

using namespace std::chrono_literals;

class ServerApi : public ::testing::Test {
 protected:
  ServerConfig config() {
    ServerConfig c;
    c.concurrency = 2;
    c.liveness = 1h;  // a busy machine must not make it look dead
    c.shutdown_timeout = 10ms;
    return c;
  }
  // Runs `body` in a child process, which must end by itself, and returns its wait status.
  template <class F>
  static int in_child(F body) {
    const pid_t pid = ::fork();
    if (pid == 0) {
      set_log_level(LogLevel::kOff);
      body();
      ::_exit(99);
    }
    int status = 0;
    ::waitpid(pid, &status, 0);
    return status;
  }

  BrokerPtr store = broker::make_memory_broker(base::real_clock());
};

TEST_F(ServerApi, ARunEndsWhenTheServerIsStoppedFromAnotherThread) {
  Server server(store, config());
  std::promise<void> ran;
  Mux mux;
  mux.handle("t", [&](Context&) { ran.set_value(); });
  auto result = std::async(std::launch::async, [&] { return server.run(mux); });
  Client client(store);
  ASSERT_TRUE(client.enqueue(Task("t")));
  ran.get_future().wait();
  EXPECT_TRUE(server.ping());
  server.stop();
  EXPECT_TRUE(result.get());
}

TEST_F(ServerApi, TheServerIsMovableAndStopsWithItsLastHolder) {
  Mux mux;
  mux.handle("t", [](Context&) {});
  Server first(store, config());
  ASSERT_TRUE(first.start(mux));
  Client client(store);
  ASSERT_TRUE(client.enqueue(Task("t")));
  {
    Server second(std::move(first));
    EXPECT_TRUE(second.wait_until_empty());
    EXPECT_EQ(store->servers()->size(), 1u);
  }
  EXPECT_TRUE(store->servers()->empty());
}

TEST_F(ServerApi, AStartNamesWhatIsWrong) {
  ServerConfig bad = config();
  bad.lease = 1s;
  EXPECT_EQ(Server(store, bad).start(Mux()).error().code(), ErrorCode::kInvalidArgument);
  const auto away = std::make_shared<windlass::testing::FailingBroker>(store);
  away->on_call([](windlass::testing::Verb, int) { return windlass::testing::Fault::kBefore; });
  const Status status = Server(away, config()).start(Mux());
  EXPECT_EQ(status.error().code(), ErrorCode::kUnavailable);
  EXPECT_EQ(status.error().message(), "server: reaching the broker: the store is away (made by the test)");
  EXPECT_EQ(Server(store, config()).wait_until_empty().error().code(), ErrorCode::kFailedPrecondition);
}

TEST_F(ServerApi, AProcessEndsThoughAHandlerNeverReturns) {
  const int status = in_child([this] {
    Server server(store, config());
    std::promise<void> stuck;
    Mux mux;
    mux.handle("t", [&](Context&) {
      stuck.set_value();
      for (;;) ::pause();
    });
    if (!server.start(mux)) return;
    Client client(store);
    if (!client.enqueue(Task("t"))) return;
    stuck.get_future().wait();
    server.stop();
    ::exit(7);
  });
  ASSERT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 7);
}

TEST_F(ServerApi, SigtermStopsARunGently) {
  const int status = in_child([this] {
    Server server(store, config());
    Mux mux;
    mux.handle("t", [](Context&) { ::kill(::getpid(), SIGTERM); });
    Client client(store);
    if (!client.enqueue(Task("t"))) return;
    const Status ran = server.run(mux);
    ::_exit(ran && store->servers()->empty() ? 7 : 1);
  });
  ASSERT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 7);
}

TEST_F(ServerApi, SigtstpMakesItQuietAndASecondSigtermEndsTheProcessAtOnce) {
  const int status = in_child([this] {
    ServerConfig c = config();
    c.shutdown_timeout = 1h;
    Server server(store, c);
    Mux mux;
    mux.handle("t", [this](Context&) {
      ::kill(::getpid(), SIGTSTP);
      while (store->servers()->front().status != "stopped") std::this_thread::yield();
      ::kill(::getpid(), SIGTERM);
      while (store->servers()->front().status != "closed") std::this_thread::yield();
      ::kill(::getpid(), SIGINT);
      for (;;) ::pause();
    });
    Client client(store);
    if (client.enqueue(Task("t"))) (void)server.run(mux);
  });
  ASSERT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 128 + SIGINT);
}

TEST_F(ServerApi, EveryWatchHearsASignalAndTheOldHandlersComeBack) {
  const int status = in_child([] {
    static volatile sig_atomic_t old_handler_ran = 0;
    struct sigaction action{};
    action.sa_handler = [](int) { old_handler_ran = 1; };
    ::sigaction(SIGTSTP, &action, nullptr);
    {
      auto first = api::SignalWatch::open();
      auto second = api::SignalWatch::open();
      ::raise(SIGTSTP);
      if (first->wait() != SIGTSTP || second->wait() != SIGTSTP || old_handler_ran) ::_exit(1);
      first->wake();
      if (first->wait() != 0) ::_exit(2);
      ::raise(SIGTSTP);
    }
    ::raise(SIGTSTP);
    if (!old_handler_ran) ::_exit(3);
    auto later = api::SignalWatch::open();
    later->wake();
    ::_exit(later->wait() == 0 ? 7 : 4);  // nothing is left of the watch before
  });
  ASSERT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 7);
}

}  // namespace
}  // namespace windlass
