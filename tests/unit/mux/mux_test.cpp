#include <windlass/mux.hpp>

#include <atomic>
#include <stdexcept>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/random.hpp"
#include "support/fake_context.hpp"
#include "support/seed.hpp"

namespace windlass {
namespace {

using testing::FakeContext;

// Runs a task of this type and returns what its handler left as result; "" if it left none.
std::string run(const Mux& mux, std::string type) {
  FakeContext ctx(std::move(type));
  mux.run(ctx);
  return ctx.result().value_or("");
}

// A handler that leaves `name` as its result.
Handler named(std::string name) {
  return [name](Context& ctx) {
    ctx.write_result(name);
    return Outcome::done();
  };
}

TEST(Mux, RunsTheHandlerOfTheType) {
  Mux mux;
  mux.handle("a", named("A")).handle("b", named("B"));
  EXPECT_EQ(run(mux, "a"), "A");
  EXPECT_EQ(run(mux, "b"), "B");
}

TEST(Mux, TheLongestPatternThatTheTypeBeginsWithWins) {
  Mux mux;
  mux.handle("email", named("email"))
      .handle("email:send", named("send"))
      .handle("email:s", named("s"))
      .handle("z", named("z"));
  EXPECT_EQ(run(mux, "email:send"), "send");
  EXPECT_EQ(run(mux, "email:sender"), "send");
  EXPECT_EQ(run(mux, "email:sen"), "s");
  EXPECT_EQ(run(mux, "email:receive"), "email");
  EXPECT_EQ(run(mux, "emailer:x"), "email") << "prefixes are bytes, without separators";
  EXPECT_EQ(run(mux, "emai"), "");
  EXPECT_EQ(run(mux, ""), "");
  EXPECT_EQ(run(mux, "y"), "");
  EXPECT_EQ(mux.find_pattern("email:sen"), "email:s");
  EXPECT_EQ(mux.find_pattern("emai"), "");
}

TEST(Mux, FindsWhatASearchThroughAllPatternsFinds) {
  const std::uint64_t seed = testing::test_seed();
  SCOPED_TRACE(testing::replay(seed));
  base::Random random(seed);
  const auto word = [&](std::size_t longest) {
    std::string text;
    // Bytes on both sides of 0x80, which must sort as unsigned ones.
    for (std::size_t n = 1 + random.below(longest); n > 0; --n) text += "ab\xC3"[random.below(3)];
    return text;
  };
  for (int round = 0; round < 50; ++round) {
    Mux mux;
    std::vector<std::string> patterns;
    for (std::size_t n = random.below(40); n > 0; --n) {
      const std::string pattern = word(6);
      if (std::find(patterns.begin(), patterns.end(), pattern) != patterns.end()) continue;
      patterns.push_back(pattern);
      mux.handle(pattern, named(pattern));
    }
    for (int i = 0; i < 200; ++i) {
      const std::string type = word(9);
      std::string best;
      for (const std::string& p : patterns) best = type.starts_with(p) && p.size() > best.size() ? p : best;
      ASSERT_EQ(mux.find_pattern(type), best) << ::testing::PrintToString(type);
      ASSERT_EQ(run(mux, type), best);
    }
  }
}

TEST(Mux, WithoutAHandlerTheRunFails) {
  FakeContext ctx("x");
  const Outcome outcome = Mux().run(ctx);
  EXPECT_EQ(outcome.kind(), Outcome::Kind::kFail);
  EXPECT_EQ(outcome.failure(), Failure(FailureKind::kNoHandler, "handler not found for task \"x\""));
}

TEST(Mux, TellsThePatternsAndWhereTheirHandlersRun) {
  Mux mux;
  mux.handle("video:", named("video"), {.isolation = Isolation::kProcess, .memory_max = 512_MiB});
  mux.handle("mail", named("mail"));
  EXPECT_THAT(mux.patterns(), ::testing::ElementsAre("mail", "video:"));
  const Mux copy = mux;
  ASSERT_NE(copy.find_options("video:cut"), nullptr);
  EXPECT_EQ(copy.find_options("video:cut")->memory_max, 536870912u);
  EXPECT_EQ(copy.find_options("mail")->isolation, Isolation::kDefault);
  EXPECT_EQ(copy.find_options("other"), nullptr);
}

TEST(Mux, RefusesWhatCanOnlyBeABug) {
  Mux mux;
  mux.handle("a", named("first"));
  EXPECT_THROW(mux.handle("", named("x")), std::invalid_argument);
  EXPECT_THROW(mux.handle(" \t", named("x")), std::invalid_argument);
  EXPECT_THROW(mux.handle("a", named("second")), std::invalid_argument);
  EXPECT_THROW(mux.handle("b", Handler()), std::invalid_argument);
  EXPECT_THROW(mux.handle("b", static_cast<void (*)(Context&)>(nullptr)), std::invalid_argument);
  EXPECT_THROW(mux.handle<int>("b", std::function<void(Context&, const int&)>()), std::invalid_argument);
  EXPECT_THROW(mux.use(Middleware()), std::invalid_argument);
  EXPECT_EQ(run(mux, "a"), "first") << "what was refused changed nothing";
  EXPECT_EQ(run(mux, "b"), "");
}

TEST(Mux, AHandlerMayReturnNothingAnOutcomeOrWhatBecomesOne) {
  Mux mux;
  mux.handle("void", [](Context&) {});
  mux.handle("outcome", [](Context&) { return Outcome::fail("no"); });
  mux.handle("skip", [](Context&) { return SkipRetry("never"); });
  mux.handle("snooze", [](Context&) { return Snooze(std::chrono::seconds(5)); });
  const auto outcome = [&](const char* type) {
    FakeContext ctx(type);
    return mux.run(ctx);
  };
  EXPECT_EQ(outcome("void").kind(), Outcome::Kind::kDone);
  EXPECT_EQ(outcome("outcome").failure().message, "no");
  EXPECT_EQ(outcome("skip").kind(), Outcome::Kind::kSkipRetry);
  EXPECT_EQ(outcome("snooze").delay(), std::chrono::seconds(5));
}

TEST(Mux, AnExceptionGoesThroughToTheCaller) {
  Mux mux;
  mux.handle("a", [](Context&) { throw RevokeTask("gone"); });
  mux.use([](Context& ctx, const Handler& next) { return next(ctx); });
  FakeContext ctx("a");
  EXPECT_THROW(mux.run(ctx), RevokeTask);
}

// A middleware that writes down when it is entered and left.
Middleware traced(std::vector<std::string>& trace, std::string name) {
  return [&trace, name](Context& ctx, const Handler& next) {
    trace.push_back(name + "(");
    Outcome outcome = next(ctx);
    trace.push_back(")" + name);
    return outcome;
  };
}

TEST(MuxMiddleware, RunsInTheOrderAddedAroundHandlersAddedBeforeAndAfter) {
  std::vector<std::string> trace;
  Mux mux;
  mux.handle("before", [&](Context&) { trace.push_back("handler"); });
  mux.use(traced(trace, "1")).use(traced(trace, "2"));
  mux.handle("after", [&](Context&) { trace.push_back("handler"); });
  for (const char* type : {"before", "after"}) {
    trace.clear();
    run(mux, type);
    EXPECT_THAT(trace, ::testing::ElementsAre("1(", "2(", "handler", ")2", ")1")) << type;
  }
}

TEST(MuxMiddleware, RunsAlsoWhereNoHandlerIsFound) {
  std::vector<std::string> trace;
  Mux mux;
  mux.use(traced(trace, "1"));
  FakeContext ctx("x");
  EXPECT_EQ(mux.run(ctx).failure().kind, FailureKind::kNoHandler);
  EXPECT_THAT(trace, ::testing::ElementsAre("1(", ")1"));
}

TEST(MuxMiddleware, MayAnswerInPlaceOfTheHandler) {
  Mux mux;
  mux.handle("a", named("A"));
  mux.use([](Context&, const Handler&) { return Outcome(SkipRetry("closed today")); });
  FakeContext ctx("a");
  EXPECT_EQ(mux.run(ctx).kind(), Outcome::Kind::kSkipRetry);
  EXPECT_EQ(ctx.result(), std::nullopt);
}

TEST(MuxMiddleware, IsOneForAllPatterns) {
  std::vector<int> counts;
  Mux mux;
  mux.handle("a", named("A")).handle("b", named("B"));
  mux.use([&counts, count = 0](Context& ctx, const Handler& next) mutable {
    counts.push_back(++count);
    return next(ctx);
  });
  run(mux, "a");
  run(mux, "b");
  run(mux, "nothing");
  EXPECT_THAT(counts, ::testing::ElementsAre(1, 2, 3)) << "each pattern had a copy of the middleware";
}

TEST(Mux, ACopyGoesItsOwnWay) {
  Mux mux;
  mux.handle("a", named("A"));
  const Mux copy = mux;
  mux.handle("b", named("B"));
  mux.use([](Context&, const Handler&) { return Outcome::fail("no"); });
  EXPECT_EQ(run(copy, "a"), "A");
  EXPECT_EQ(run(copy, "b"), "");
  Mux assigned;
  assigned = mux;
  EXPECT_EQ(assigned.find_pattern("b"), "b");
  const Mux moved = std::move(assigned);
  EXPECT_EQ(moved.find_pattern("b"), "b");
}

TEST(Mux, IsAHandlerOfAnotherMux) {
  Mux inner;
  inner.handle("image:resize", named("resized"));
  Mux outer;
  outer.handle("image:", [inner](Context& ctx) { return inner.run(ctx); });
  EXPECT_EQ(run(outer, "image:resize"), "resized");
  FakeContext ctx("image:turn");
  EXPECT_EQ(outer.run(ctx).failure().kind, FailureKind::kNoHandler);
}

TEST(Mux, RunsHandlersFromManyThreads) {
  std::atomic<int> runs{0};
  Mux mux;
  mux.handle("a", [&](Context&) { ++runs; });
  mux.use([](Context& ctx, const Handler& next) { return next(ctx); });
  std::vector<std::thread> threads;
  for (int t = 0; t < 7; ++t) {
    threads.emplace_back([&mux] {
      for (int i = 0; i < 100; ++i) run(mux, "a:" + std::to_string(i));
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(runs, 700);
}

struct Email {
  std::string to;
  int size = 0;
};
WINDLASS_FIELDS(Email, to, size)

TEST(MuxTyped, TheHandlerGetsTheStructFromEitherFormat) {
  Mux mux;
  mux.handle<Email>("email",
                    [](Context& ctx, const Email& mail) { ctx.write_result(mail.to + std::to_string(mail.size)); });
  Email mail;
  mail.to = "a";
  mail.size = 3;
  for (const std::string& payload : {codec::to_json(mail), codec::to_msgpack(mail)}) {
    FakeContext ctx("email", payload);
    EXPECT_EQ(mux.run(ctx).kind(), Outcome::Kind::kDone);
    EXPECT_EQ(ctx.result(), "a3");
  }
}

TEST(MuxTyped, APayloadThatDoesNotDecodeIsArchivedAtOnce) {
  Mux mux;
  bool called = false;
  mux.handle<Email>("email", [&](Context&, const Email&) { called = true; });
  for (const auto& [payload, why] :
       {std::pair{Payload(R"({"to":"a","size":"big"})"), "field 'size': expected integer, got string"},
        {Payload(R"({"to":"a"})"), "field 'size': missing"},
        {Payload(), "payload is empty: expected JSON or MessagePack"}}) {
    FakeContext ctx("email", payload);
    const Outcome outcome = mux.run(ctx);
    EXPECT_EQ(outcome.kind(), Outcome::Kind::kSkipRetry);
    EXPECT_EQ(outcome.failure(), Failure(FailureKind::kBadPayload, why));
  }
  EXPECT_FALSE(called);
}

// -------------------------------------------------------------------------------------------------------- coroutines

Async<> wait_a_moment(Context&) { co_await sleep_for(std::chrono::seconds(1)); }

TEST(MuxAsync, AHandlerThatReturnsAnAsyncIsACoroutineHandler) {
  Mux mux;
  mux.handle("th", [](Context&) {});
  EXPECT_FALSE(mux.has_async());
  mux.handle("co", [](Context&) -> Async<Outcome> { co_return Outcome::done(); });
  mux.handle("fn", wait_a_moment);
  mux.handle<Email>("typed", [](Context&, const Email&) -> Async<> { co_return; });
  EXPECT_TRUE(mux.has_async());
  for (const char* type : {"co", "co:1", "fn", "typed"}) EXPECT_TRUE(mux.is_async(type)) << type;
  for (const char* type : {"th", "unknown"}) EXPECT_FALSE(mux.is_async(type)) << type;
}

TEST(MuxAsync, AnEmptyCoroutineHandlerIsRefused) {
  Mux mux;
  EXPECT_THROW(mux.handle("a", AsyncHandler()), std::invalid_argument);
  EXPECT_THROW(mux.handle(" ", wait_a_moment), std::invalid_argument);
  mux.handle("a", wait_a_moment);
  EXPECT_THROW(mux.handle("a", [](Context&) {}), std::invalid_argument);
}

TEST(MuxAsync, ACoroutineHandlerIsRefusedInAProcessOfItsOwn) {
  Mux mux;
  HandlerOptions options;
  options.isolation = Isolation::kProcess;
  EXPECT_THROW(mux.handle("a", wait_a_moment, options), std::invalid_argument);
}

TEST(MuxAsync, EachKindIsRunByItsOwnCall) {
  Mux mux;
  mux.handle("th", [](Context&) {});
  mux.handle("co", wait_a_moment);
  FakeContext on_thread("th");
  FakeContext async("co");
  EXPECT_THROW((void)mux.run_async(on_thread), std::logic_error);
  EXPECT_THROW((void)mux.run(async), std::logic_error);
}

TEST(MuxAsync, AMiddlewareWithoutAFormForAHandlerIsRefusedRatherThanLeftOut) {
  const Middleware on_thread = [](Context& ctx, const Handler& next) { return next(ctx); };
  const AsyncMiddleware async = [](Context& ctx, const AsyncHandler& next) { return next(ctx); };
  {
    Mux mux;
    mux.handle("co", wait_a_moment);
    EXPECT_THROW(mux.use(on_thread), std::invalid_argument);
    EXPECT_NO_THROW(mux.use(nullptr, async)) << "what was refused has left nothing behind";
    EXPECT_THROW(mux.handle("th", [](Context&) {}), std::invalid_argument);
    EXPECT_THROW(mux.use(on_thread), std::invalid_argument) << "no handler would fit both";
  }
  {
    Mux mux;
    mux.use(on_thread);
    EXPECT_THROW(mux.handle("co", wait_a_moment), std::invalid_argument);
    EXPECT_NO_THROW(mux.handle("th", [](Context&) {}));
  }
  {
    Mux mux;
    mux.use(on_thread, async);
    EXPECT_NO_THROW(mux.handle("co", wait_a_moment));
    EXPECT_NO_THROW(mux.handle("th", [](Context&) {}));
    EXPECT_THROW(mux.use(nullptr, nullptr), std::invalid_argument);
  }
}

TEST(MuxAsync, WhereNoHandlerIsFoundTheOneOfTheKindThatMiddlewaresAllowRuns) {
  Mux mux;
  EXPECT_FALSE(mux.is_async("unknown"));
  mux.use(nullptr, [](Context& ctx, const AsyncHandler& next) { return next(ctx); });
  EXPECT_TRUE(mux.is_async("unknown"));
  EXPECT_TRUE(mux.has_async());
}

}  // namespace
}  // namespace windlass
