#include "broker/redis/enqueue_combiner.hpp"

#include <atomic>
#include <latch>
#include <new>
#include <thread>

#include <gtest/gtest.h>

namespace windlass::broker {
namespace {

// Has no memory for the first calls, and answers nothing to the others.
class PoorClient final : public redis::Client {
 public:
  explicit PoorClient(int poor) : Client(*redis::Connector::open(redis::Config())), poor_(poor) {}

  redis::Dial dial_for(std::string_view) override { return {}; }

 protected:
  Result<redis::Replies> run(const redis::Pipeline&, const redis::CallLimits&) override {
    if (poor_-- > 0) throw std::bad_alloc();
    return Error(ErrorCode::kUnavailable, "nobody is there");
  }

 private:
  std::atomic<int> poor_;
};

NewTask task() {
  NewTask t;
  t.message.id = "a";
  t.message.type = "t";
  t.message.queue = "q";
  return t;
}

TEST(EnqueueCombiner, WhatIsThrownReachesEveryCallerAndTheNextCallsGoOn) {
  Store store(std::make_shared<PoorClient>(3), base::real_clock(), 1 << 20, false);
  EnqueueCombiner combiner(store);
  constexpr int kCallers = 16;
  std::latch together(kCallers);
  std::atomic<int> thrown = 0, answered = 0;
  {
    std::vector<std::jthread> callers;
    for (int i = 0; i < kCallers; ++i) {
      callers.emplace_back([&] {
        together.arrive_and_wait();
        const NewTask t = task();
        try {
          const auto outcomes = combiner.enqueue(std::span(&t, 1));
          answered += !outcomes && outcomes.error().code() == ErrorCode::kUnavailable ? 1 : 0;
        } catch (const std::bad_alloc&) {
          ++thrown;
        }
      });
    }
  }
  EXPECT_GT(thrown, 0);
  EXPECT_EQ(thrown + answered, kCallers);
  // Whatever the callers above got, calls are made again.
  const NewTask t = task();
  for (int i = 0; i < 3; ++i) {
    try {
      (void)combiner.enqueue(std::span(&t, 1));
    } catch (const std::bad_alloc&) {
    }
  }
  const auto outcomes = combiner.enqueue(std::span(&t, 1));
  ASSERT_FALSE(outcomes);
  EXPECT_EQ(outcomes.error().code(), ErrorCode::kUnavailable);
}

}  // namespace
}  // namespace windlass::broker
