// The contract of a LockStore, for all of them.
#pragma once

#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include <windlass/dq.hpp>

#include "support/get.hpp"

namespace windlass::testing {

inline void exchanges_only_what_was_expected(dq::LockStore& store) {
  using std::chrono::hours, std::chrono::minutes;
  EXPECT_TRUE(get(store.exchange("k", "", "one", hours(1))).stored);
  EXPECT_TRUE(get(store.exchange("k", "", "one", hours(1))).stored) << "again, because the answer was lost";
  const dq::Exchange taken = get(store.exchange("k", "", "two", hours(1)));
  EXPECT_FALSE(taken.stored);
  EXPECT_EQ(taken.value, "one");
  EXPECT_GT(taken.left, minutes(59));
  EXPECT_LE(taken.left, hours(1));
  EXPECT_TRUE(get(store.exchange("k", "one", "two", hours(2))).stored);
  EXPECT_EQ(get(store.exchange("k", "one", "three", hours(1))).value, "two");
  EXPECT_GT(get(store.exchange("k", "", "three", hours(1))).left, hours(1)) << "each exchange sets the time anew";
  const dq::Exchange nothing = get(store.exchange("absent", "one", "two", hours(1)));
  EXPECT_FALSE(nothing.stored);
  EXPECT_EQ(nothing.value, "");
  EXPECT_TRUE(get(store.exchange("absent", "", "one", hours(1))).stored) << "nothing was stored before";
}

// Two views of one store, as two processes have them.
inline void gives_a_lock_to_one_of_many(dq::LockStore& a, dq::LockStore& b) {
  constexpr int kKeys = 50;
  std::vector<std::atomic<int>> counts(kKeys);
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      dq::LockStore& store = t % 2 == 0 ? a : b;
      for (int i = 0; i < kKeys; ++i) {
        if (get(store.exchange("key" + std::to_string(i), "", "owner" + std::to_string(t), std::chrono::hours(1)))
                .stored)
          ++counts[i];
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (int i = 0; i < kKeys; ++i) EXPECT_EQ(counts[i], 1) << "key " << i;
}

}  // namespace windlass::testing
