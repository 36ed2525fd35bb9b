// A pool of handler processes that is closed while runs are in it.
#include "exec/process_pool.hpp"

#include <future>

#include "process_fixture.hpp"
#include "support/fake_context.hpp"

namespace windlass::testing {
namespace {

// A stopping server gives up runs that do not end in time. Their threads are in the pool still.
TEST_F(ProcessTest, APoolThatIsClosedEndsTheRunsInItAndTakesNoMore) {
  auto pool = get(exec::ProcessPool::start(
      {.isolation = Isolation::kProcess, .handlers_per_child = 1, .grace = std::chrono::hours(1)}));
  FakeContext ctx("sleep", Payload(dir.file("mark")));
  auto report = std::async(std::launch::async, [&] { return pool->run(ctx); });
  const pid_t child = marked_pid(dir.file("mark"));
  pool->close();
  const exec::RunReport got = report.get();
  EXPECT_EQ(got.outcome.kind(), Outcome::Kind::kFail);
  EXPECT_EQ(got.loss, exec::ChildLoss::kNone) << "it was the server that ended the child";
  EXPECT_FALSE(process_lives(child));
  EXPECT_THAT(pool->run(ctx).outcome.failure().message, HasSubstr("the server stops"));
  EXPECT_TRUE(pool->children().empty());
}

// A task larger than a socket takes at once: it is not the task that ends them.
TEST_F(ProcessTest, ChildrenThatEndBeforeTheyReadATaskAreNotStartedForEver) {
  ::setenv("WINDLASS_TEST_DIES_EARLY", "1", 1);
  auto pool = get(exec::ProcessPool::start({.isolation = Isolation::kProcess, .handlers_per_child = 1}));
  FakeContext ctx("sleep", Payload(std::string(4 << 20, 'x')));
  const exec::RunReport got = pool->run(ctx);
  ::unsetenv("WINDLASS_TEST_DIES_EARLY");
  EXPECT_EQ(got.outcome.kind(), Outcome::Kind::kFail);
  EXPECT_THAT(got.outcome.failure().message, HasSubstr("exited with code 9"));
}

}  // namespace
}  // namespace windlass::testing
