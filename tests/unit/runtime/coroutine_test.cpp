// Async<T> and what can be awaited, on a loop that the test drives.
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <memory>
#include <numeric>
#include <stdexcept>
#include <thread>

#include <gmock/gmock.h>

#include "coroutine_fixture.hpp"
#include "net/fd.hpp"

namespace windlass::runtime {
namespace {

using Kind = Outcome::Kind;

// Counts how many of it live: a temporary that is destroyed twice, or never, shows.
class Counted {
 public:
  explicit Counted(int value = 0) : value_(std::make_unique<int>(value)) { ++alive; }
  Counted(Counted&& other) noexcept : value_(std::move(other.value_)) { ++alive; }
  Counted(const Counted& other) : value_(std::make_unique<int>(*other.value_)) { ++alive; }
  Counted& operator=(const Counted&) = delete;
  ~Counted() { --alive; }
  int value() const { return *value_; }

  static inline int alive = 0;

 private:
  std::unique_ptr<int> value_;
};

Async<int> plus_one(Counted given) { co_return given.value() + 1; }
Async<int> plus_one_later(Counted given, Duration after) {
  co_await sleep_for(after);
  co_return given.value() + 1;
}
Async<std::unique_ptr<int>> boxed(int value) { co_return std::make_unique<int>(value); }
Async<> throws(const char* what) {
  throw std::runtime_error(what);
  co_return;
}
Async<> nothing() { co_return; }
Async<> throws_later(const char* what, Duration after) {
  co_await sleep_for(after);
  throw std::runtime_error(what);
}

// ---------------------------------------------------------------------------------------------------------- the type

TEST_F(CoroutineTest, ACallThatIsNotAwaitedNeverRunsAndLeavesNothing) {
  ASSERT_EQ(Counted::alive, 0);
  {
    const Async<int> call = plus_one(Counted(1));
    EXPECT_GE(Counted::alive, 1) << "its parameter lives in the frame";
  }
  EXPECT_EQ(Counted::alive, 0);
}

TEST_F(CoroutineTest, ValuesComeThroughAndEverythingIsDestroyedOnce) {
  const Outcome outcome = run([](Context&) -> Async<Outcome> {
    Counted local(1);
    int sum = co_await plus_one(Counted(1));
    sum += co_await plus_one(local);
    Async<int> named = plus_one(std::move(local));
    sum += co_await std::move(named);
    const std::unique_ptr<int> box = co_await boxed(10);
    co_return Outcome::fail(std::to_string(sum + *box));
  });
  EXPECT_EQ(outcome.failure().message, "16");
  EXPECT_EQ(Counted::alive, 0);
}

TEST_F(CoroutineTest, AnExceptionIsThrownWhereItIsAwaited) {
  const Outcome outcome = run([](Context&) -> Async<Outcome> {
    const Counted local(1);
    try {
      co_await throws("inner");
    } catch (const std::runtime_error& e) { co_return Outcome::fail(std::string("caught ") + e.what()); }
    co_return Outcome::done();
  });
  EXPECT_EQ(outcome.failure().message, "caught inner");
  EXPECT_EQ(Counted::alive, 0);
}

TEST_F(CoroutineTest, WhatAHandlerThrowsIsItsOutcome) {
  EXPECT_EQ(run([](Context&) -> Async<> { co_await throws("boom"); }).failure().message, "std::runtime_error: boom");
  EXPECT_EQ(run([](Context&) -> Async<> {
              co_await sleep_for(0s);
              throw SkipRetry("no");
            }).kind(),
            Kind::kSkipRetry);
  EXPECT_EQ(run([](Context&) -> Async<> {
              throw RevokeTask();
              co_return;
            }).kind(),
            Kind::kRevoke);
  EXPECT_EQ(run([](Context&) -> Async<> {
              throw Snooze(1s);
              co_return;
            }).delay(),
            1s);
  EXPECT_EQ(run([](Context&) -> Async<SkipRetry> { co_return SkipRetry("no"); }).kind(), Kind::kSkipRetry);
  // Not a coroutine, and throws before it returns one.
  EXPECT_EQ(run([](Context&) -> Async<> { throw Snooze(2s); }).delay(), 2s);
}

TEST_F(CoroutineTest, ALoopOverCallsThatEndAtOnceDoesNotDeepenTheStack) {
  const Outcome outcome = run([](Context&) -> Async<Outcome> {
    int sum = 0;
    for (int i = 0; i < 1'000'000; ++i) sum = co_await plus_one(Counted(sum));
    co_return Outcome::fail(std::to_string(sum));
  });
  EXPECT_EQ(outcome.failure().message, "1000000");
}

TEST_F(CoroutineTest, ACoroutineThatIsDestroyedWhileItWaitsTakesItsWaitsAlong) {
  int pipe_fds[2];
  ASSERT_EQ(::pipe2(pipe_fds, O_CLOEXEC), 0);
  const net::Fd reader(pipe_fds[0]);
  const net::Fd writer(pipe_fds[1]);
  start([&](Context&) -> Async<> {
    const Counted local(1);
    Async<int> in_a_second = plus_one_later(local, 1s);
    Async<int> at_once = plus_one(local);
    Async<int> in_two = plus_one_later(local, 2s);
    co_await when_all(std::move(in_a_second), std::move(at_once), std::move(in_two));
  });
  start([&](Context&) -> Async<> {
    const Counted local(1);
    (void)co_await readable(reader.get());
  });
  EXPECT_GT(Counted::alive, 0);
  ASSERT_EQ(::write(writer.get(), "x", 1), 1);
  events.collect(true);  // one is ready, and not resumed any more
  started.clear();
  EXPECT_EQ(Counted::alive, 0);
  clock.advance(1h);
  go_on();
}

// ------------------------------------------------------------------------------------------------------------- times

TEST_F(CoroutineTest, ASleepLastsAsLongAsItSaysAndNotShorter) {
  Started& s = start([](Context&) -> Async<> { co_await sleep_for(10ms); });
  clock.advance(10ms - 1ns);
  go_on();
  EXPECT_FALSE(s.outcome);
  clock.advance(1ns);
  go_on();
  EXPECT_TRUE(s.outcome);
}

TEST_F(CoroutineTest, SleepUntilGoesByWhatTheWallClockShowsNow) {
  const TimePoint when = clock.now() + 1h;
  Started& s = start([when](Context&) -> Async<> { co_await sleep_until(when); });
  clock.step_wall(2h);
  go_on();
  EXPECT_FALSE(s.outcome) << "a step is not time that passes";
  clock.advance(1h);
  go_on();
  EXPECT_TRUE(s.outcome);
}

TEST_F(CoroutineTest, SleepsEndInTheOrderOfTheirTimesAndOneThatIsOverEndsAtOnce) {
  std::string order;
  for (const auto& [name, length] : {std::pair{'c', 3s}, {'a', 1s}, {'b', 2s}, {'-', -1s}}) {
    start([&order, name = name, length = length](Context&) -> Async<> {
      co_await sleep_for(length);
      order += name;
    });
  }
  for (int i = 0; i < 4; ++i) {
    clock.advance(1s);
    go_on();
  }
  EXPECT_EQ(order, "-abc");
}

// -------------------------------------------------------------------------------------------------------------- stop

TEST_F(CoroutineTest, AStopEndsWhatIsAwaitedWithItsReason) {
  Started& s = start([](Context&) -> Async<> {
    const Counted local(1);
    co_await sleep_for(1h);
  });
  stop(s, StopReason::kTimeout);
  finish(s);
  EXPECT_EQ(s.outcome->failure().message, "windlass::Stopped: told to stop: timeout");
  EXPECT_EQ(Counted::alive, 0);
}

TEST_F(CoroutineTest, AfterAStopEverythingAwaitedThrowsAndWhoCatchesItMayStillSucceed) {
  int throws = 0;
  Started& s = start([&](Context&) -> Async<> {
    for (int i = 0; i < 3; ++i) {
      try {
        co_await sleep_for(1h);
      } catch (const Stopped& stopped) {
        EXPECT_EQ(stopped.reason(), StopReason::kCancelled);
        ++throws;
      }
    }
  });
  stop(s, StopReason::kCancelled);
  finish(s);
  EXPECT_EQ(throws, 3);
  EXPECT_EQ(s.outcome->kind(), Kind::kDone);
}

TEST_F(CoroutineTest, AStopReachesAllBranchesAndWaitsForTheirEnd) {
  int ended = 0;
  const auto branch = [](int& count) -> Async<> {
    try {
      co_await sleep_for(1h);
    } catch (const Stopped&) {
      ++count;
      throw;
    }
  };
  Started& s = start([&](Context&) -> Async<> {
    std::vector<Async<>> all;
    for (int i = 0; i < 3; ++i) all.push_back(branch(ended));
    co_await when_all(std::move(all));
  });
  stop(s, StopReason::kDeadline);
  finish(s);
  EXPECT_EQ(ended, 3);
  EXPECT_EQ(s.outcome->kind(), Kind::kFail);
}

TEST_F(CoroutineTest, ARunToldToStopBeforeItBeginsIsNotCalled) {
  Mux mux;
  bool called = false;
  mux.handle("t", [&](Context&) -> Async<> {
    called = true;
    co_return;
  });
  enqueue(task("a"));
  TaskRun& run = *fetch(1).front();
  (void)run.tell_to_stop(StopReason::kCancelled, clock.steady());
  LoopRun loop_run(events, threads, slots.add());
  EXPECT_EQ(loop_run.start(run, clock.steady(), mux)->kind(), Kind::kFail);
  EXPECT_FALSE(called);
}

// ------------------------------------------------------------------------------------------------------- descriptors

class Descriptors : public CoroutineTest {
 protected:
  Descriptors() {
    int fds[2] = {-1, -1};
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds), 0);
    near = net::Fd(fds[0]);
    far = net::Fd(fds[1]);
  }
  static Outcome text(const Status& status) {
    return status ? Outcome::done() : Outcome::fail(std::string(error_code_name(status.error().code())));
  }
  net::Fd near;
  net::Fd far;
};

TEST_F(Descriptors, OneIsReadableWhenItsPeerWritesOrGoes) {
  const auto wait = [this](Context&) -> Async<Outcome> { co_return text(co_await readable(near.get())); };
  Started& first = start(wait);
  go_on();
  EXPECT_FALSE(first.outcome);
  ASSERT_EQ(::write(far.get(), "x", 1), 1);
  finish(first);
  EXPECT_EQ(first.outcome->kind(), Kind::kDone);
  char byte = 0;
  ASSERT_EQ(::read(near.get(), &byte, 1), 1);

  Started& second = start(wait);
  go_on();
  EXPECT_FALSE(second.outcome);
  far = net::Fd();
  finish(second);
  EXPECT_EQ(second.outcome->kind(), Kind::kDone);
}

TEST_F(Descriptors, BothDirectionsOfOneCanBeWaitedForAtOnce) {
  Started& reading = start([this](Context&) -> Async<Outcome> { co_return text(co_await readable(near.get())); });
  Started& writing = start([this](Context&) -> Async<Outcome> { co_return text(co_await writable(near.get())); });
  finish(writing);
  EXPECT_FALSE(reading.outcome);
  ASSERT_EQ(::write(far.get(), "x", 1), 1);
  finish(reading);
}

TEST_F(Descriptors, WhatCannotBeWaitedForIsAnErrorAtOnce) {
  start([this](Context&) -> Async<Outcome> { co_return text(co_await readable(near.get())); });
  EXPECT_EQ(
      run([this](Context&) -> Async<Outcome> { co_return text(co_await readable(near.get())); }).failure().message,
      "failed_precondition");
  EXPECT_EQ(run([](Context&) -> Async<Outcome> { co_return text(co_await readable(-1)); }).failure().message,
            "invalid_argument");
  const net::Fd file(::open("/proc/self/exe", O_RDONLY | O_CLOEXEC));
  EXPECT_EQ(run([&](Context&) -> Async<Outcome> { co_return text(co_await readable(file.get())); }).failure().message,
            "invalid_argument");
}

TEST_F(Descriptors, AStopEndsTheWaitAndTheDescriptorCanBeWaitedForAgain) {
  Started& s = start([this](Context&) -> Async<Outcome> { co_return text(co_await readable(near.get())); });
  stop(s, StopReason::kTimeout);
  finish(s);
  EXPECT_EQ(s.outcome->failure().kind, FailureKind::kException);
  ASSERT_EQ(::write(far.get(), "x", 1), 1);
  EXPECT_EQ(run([this](Context&) -> Async<Outcome> { co_return text(co_await readable(near.get())); }).kind(),
            Kind::kDone);
}

// ----------------------------------------------------------------------------------------------------- other threads

TEST_F(CoroutineTest, ACallOnAThreadGivesItsValueOrItsExceptionToTheLoopThread) {
  const auto here = std::this_thread::get_id();
  const Outcome outcome = run([here](Context&) -> Async<Outcome> {
    const Counted local(7);
    const auto there = co_await on_thread([] { return std::this_thread::get_id(); });
    if (there == here || std::this_thread::get_id() != here) co_return Outcome::fail("on the wrong thread");
    co_await on_thread([] {});
    std::string said;
    try {
      co_await on_thread([] { throw std::runtime_error("there"); });
    } catch (const std::runtime_error& e) { said = e.what(); }
    const int value = co_await on_thread([&local] { return local.value(); });
    co_return Outcome::fail(said + std::to_string(value));
  });
  EXPECT_EQ(outcome.failure().message, "there7");
  EXPECT_EQ(Counted::alive, 0);
}

TEST_F(CoroutineTest, ACallOnAThreadIsWaitedForAlsoWhenTheRunIsToldToStop) {
  std::atomic<bool> go = false, begun = false;
  Started& s = start([&](Context& ctx) -> Async<Outcome> {
    const bool stopped = co_await on_thread([&] {
      begun = true;
      while (!go) std::this_thread::yield();
      return ctx.stop_requested();
    });
    co_return stopped ? Outcome::done() : Outcome::fail("not told");
  });
  while (!begun) std::this_thread::yield();
  stop(s, StopReason::kCancelled);
  go_on();
  EXPECT_FALSE(s.outcome);
  go = true;
  finish(s);
  EXPECT_EQ(s.outcome->kind(), Kind::kDone);
}

TEST_F(CoroutineTest, ACallThatWaitsForAThreadIsNotMadeOnceTheRunIsToldToStop) {
  std::atomic<bool> go = false, made = false;
  std::atomic<std::size_t> begun = 0;
  Started& busy = start([&](Context&) -> Async<> {
    const auto one = [](std::atomic<std::size_t>& count, const std::atomic<bool>& end) -> Async<> {
      co_await on_thread([&] {
        ++count;
        while (!end) std::this_thread::yield();
      });
    };
    std::vector<Async<>> all;
    for (std::size_t i = 0; i < CallThreads::kMax; ++i) all.push_back(one(begun, go));
    co_await when_all(std::move(all));
  });
  while (begun < CallThreads::kMax) std::this_thread::yield();
  Started& s = start([&](Context&) -> Async<> { co_await on_thread([&] { made = true; }); });
  stop(s, StopReason::kCancelled);
  go_on();
  EXPECT_TRUE(s.outcome) << "it waits for nothing any more";
  go = true;
  finish(busy);
  run([](Context&) -> Async<> { co_await on_thread([] {}); });  // its turn comes after the other one's
  finish(s);
  EXPECT_FALSE(made);
}

TEST_F(CoroutineTest, MoreCallsThanThreadsAreAllMade) {
  std::atomic<int> calls = 0;
  const Outcome outcome = run([&](Context&) -> Async<> {
    const auto one = [](std::atomic<int>& count) -> Async<> { co_await on_thread([&count] { ++count; }); };
    std::vector<Async<>> all;
    for (std::size_t i = 0; i < 3 * CallThreads::kMax; ++i) all.push_back(one(calls));
    co_await when_all(std::move(all));
  });
  EXPECT_EQ(outcome.kind(), Kind::kDone);
  EXPECT_EQ(calls, static_cast<int>(3 * CallThreads::kMax));
}

// --------------------------------------------------------------------------------------------------- several at once

TEST_F(CoroutineTest, WhenAllWaitsForAllAndGivesTheirValuesInOrder) {
  Started& s = start([](Context&) -> Async<Outcome> {
    const auto [a, b, c] = co_await when_all(plus_one_later(Counted(1), 3s), boxed(5), nothing());
    (void)c;
    std::vector<Async<int>> all;
    for (int i = 0; i < 4; ++i) all.push_back(plus_one_later(Counted(i), (4 - i) * 1s));
    const std::vector<int> values = co_await when_all(std::move(all));
    co_return Outcome::fail(std::to_string(a + *b + std::accumulate(values.begin(), values.end(), 0)));
  });
  for (int i = 0; i < 7; ++i) {
    EXPECT_FALSE(s.outcome) << i;
    clock.advance(1s);
    go_on();
  }
  ASSERT_TRUE(s.outcome);
  EXPECT_EQ(s.outcome->failure().message, "17");
  EXPECT_EQ(Counted::alive, 0);
}

TEST_F(CoroutineTest, WhenAllOfNothingEndsAtOnce) {
  EXPECT_EQ(run([](Context&) -> Async<> {
              std::vector<Async<int>> none;
              const std::vector<int> values = co_await when_all(std::move(none));
              if (!values.empty()) throw std::logic_error("not empty");
            }).kind(),
            Kind::kDone);
}

TEST_F(CoroutineTest, WhenAllThrowsTheFirstExceptionInOrderOnceAllHaveEnded) {
  Started& s = start([](Context&) -> Async<> {
    co_await when_all(throws_later("first", 2s), throws("second"), plus_one_later(Counted(1), 3s));
  });
  clock.advance(2s);
  go_on();
  EXPECT_FALSE(s.outcome) << "the third still sleeps";
  clock.advance(1s);
  go_on();
  ASSERT_TRUE(s.outcome);
  EXPECT_EQ(s.outcome->failure().message, "std::runtime_error: first");
  EXPECT_EQ(Counted::alive, 0);
}

// -------------------------------------------------------------------------------------------------------------- logs

TEST_F(CoroutineTest, EveryRunHasItsOwnLogFieldsAlsoAcrossItsWaits) {
  std::vector<std::string> seen;
  const auto note = [&seen] {
    std::string line;
    for (const LogField& field : log_context()) {
      if (field.key == "task" || field.key == "step") line += field.value + " ";
    }
    seen.push_back(line);
  };
  const auto handler = [&note](Context&) -> Async<> {
    const LogScope scope({{"step", "deep"}});
    co_await sleep_for(1s);
    note();
  };
  start(handler);
  start(handler);
  EXPECT_TRUE(log_context().empty());
  clock.advance(1s);
  go_on();
  EXPECT_THAT(seen, ::testing::UnorderedElementsAre("0 deep ", "1 deep "));
  EXPECT_TRUE(log_context().empty());
}

}  // namespace
}  // namespace windlass::runtime
