#include "core/queue_picker.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include <gtest/gtest.h>

namespace windlass::core {
namespace {

using Queues = std::map<std::string, int>;
using Order = std::vector<QueuePicker::Share>;

std::vector<std::string> names(const Order& order) {
  std::vector<std::string> all;
  for (const auto& share : order) all.push_back(share.queue);
  return all;
}

std::size_t sum_of_shares(const Order& order) {
  return std::accumulate(order.begin(), order.end(), std::size_t{0},
                         [](std::size_t sum, const QueuePicker::Share& share) { return sum + share.share; });
}

double weight_sum(const Queues& queues) {
  return std::accumulate(queues.begin(), queues.end(), 0.0, [](double sum, const auto& q) { return sum + q.second; });
}

// More than this many standard deviations off has a chance of 1 in 10^8; the seeds are fixed anyway.
constexpr double kDeviations = 6;

TEST(QueuePicker, StrictOrderIsByWeightThenByNameWithTheWholeBatchForEach) {
  QueuePicker picker({{"low", 1}, {"critical", 6}, {"b", 3}, {"a", 3}}, true, base::Random(1));
  for (const std::size_t max : {std::size_t{1}, std::size_t{10}, std::size_t{500}}) {
    const Order order = picker.pick(max);
    EXPECT_EQ(names(order), (std::vector<std::string>{"critical", "a", "b", "low"}));
    for (const auto& share : order) EXPECT_EQ(share.share, max);
  }
}

TEST(QueuePicker, OneQueueHasEverything) {
  for (const bool strict : {true, false}) {
    QueuePicker picker({{"default", 7}}, strict, base::Random(1));
    for (const std::size_t max : {std::size_t{0}, std::size_t{1}, std::size_t{10}}) {
      const Order order = picker.pick(max);
      EXPECT_EQ(names(order), std::vector<std::string>{"default"});
      EXPECT_EQ(order[0].share, max);
    }
  }
}

TEST(QueuePicker, EveryWeightedPickNamesEachQueueOnceAndSharesOutTheBatch) {
  const Queues queues = {{"a", 1}, {"b", 2}, {"c", 3}, {"d", 5}, {"e", 8}};
  QueuePicker picker(queues, false, base::Random(2));
  for (std::size_t max = 0; max < 300; ++max) {
    const Order order = picker.pick(max);
    std::vector<std::string> sorted = names(order);
    std::sort(sorted.begin(), sorted.end());
    ASSERT_EQ(sorted, (std::vector<std::string>{"a", "b", "c", "d", "e"}));
    ASSERT_EQ(sum_of_shares(order), max);
    for (const auto& share : order) {
      const double exact = static_cast<double>(max) * queues.at(share.queue) / weight_sum(queues);
      ASSERT_GE(static_cast<double>(share.share), std::floor(exact)) << share.queue << " of " << max;
      ASSERT_LE(static_cast<double>(share.share), std::floor(exact) + 1) << share.queue << " of " << max;
    }
  }
}

TEST(QueuePicker, ABatchThatDividesIsSharedExactlyByWeight) {
  const Queues queues = {{"critical", 6}, {"default", 3}, {"low", 1}};
  QueuePicker picker(queues, false, base::Random(3));
  for (int round = 0; round < 100; ++round) {
    for (const auto& share : picker.pick(100)) {
      ASSERT_EQ(share.share, static_cast<std::size_t>(10 * queues.at(share.queue)));
    }
  }
}

TEST(QueuePicker, OfABatchOfOneTheFirstQueueHasTheOne) {
  QueuePicker picker({{"a", 6}, {"b", 3}, {"c", 1}, {"d", 1}}, false, base::Random(4));
  for (int round = 0; round < 10000; ++round) {
    const Order& order = picker.pick(1);
    ASSERT_EQ(order[0].share, 1u);
    ASSERT_EQ(sum_of_shares(order), 1u);
  }
}

TEST(QueuePicker, TheFirstQueueIsDrawnByWeight) {
  const Queues queues = {{"critical", 6}, {"default", 3}, {"low", 1}};
  for (const std::size_t max : {std::size_t{1}, std::size_t{10}}) {
    QueuePicker picker(queues, false, base::Random(5));
    constexpr int kRounds = 60000;
    std::map<std::string, int> first;
    for (int round = 0; round < kRounds; ++round) ++first[picker.pick(max)[0].queue];
    for (const auto& [queue, weight] : queues) {
      const double p = weight / 10.0;
      EXPECT_NEAR(first[queue], kRounds * p, kDeviations * std::sqrt(kRounds * p * (1 - p))) << queue;
    }
  }
}

TEST(QueuePicker, TheSecondQueueIsDrawnByWeightAmongTheRest) {
  const Queues queues = {{"critical", 6}, {"default", 3}, {"low", 1}};
  QueuePicker picker(queues, false, base::Random(6));
  int low_first = 0, default_third = 0;
  for (int round = 0; round < 60000; ++round) {
    const Order& order = picker.pick(1);
    if (order[0].queue != "low") continue;
    ++low_first;
    default_third += order[2].queue == "default";
  }
  const double p = 6.0 / 9.0;  // "critical" before "default" once "low" is gone
  EXPECT_NEAR(default_third, low_first * p, kDeviations * std::sqrt(low_first * p * (1 - p)));
}

TEST(QueuePicker, WeightsHoldOverBatchesOfEverySize) {
  const Queues queues = {{"critical", 60}, {"default", 30}, {"low", 9}, {"rare", 1}};
  for (const std::size_t max : {std::size_t{1}, std::size_t{2}, std::size_t{3}, std::size_t{5}, std::size_t{10},
                                std::size_t{33}, std::size_t{100}}) {
    QueuePicker picker(queues, false, base::Random(7));
    constexpr int kRounds = 60000;
    std::map<std::string, double> total;
    for (int round = 0; round < kRounds; ++round) {
      for (const auto& share : picker.pick(max)) total[share.queue] += static_cast<double>(share.share);
    }
    for (const auto& [queue, weight] : queues) {
      // Each share is a fixed number plus 0 or 1: its variance is at most 1/4.
      const double expected = kRounds * static_cast<double>(max) * weight / 100;
      EXPECT_NEAR(total[queue], expected, kDeviations * std::sqrt(kRounds * 0.25)) << queue << " of " << max;
    }
  }
}

TEST(QueuePicker, AQueueWithTheSmallestWeightIsNeverLeftOutForGood) {
  QueuePicker picker({{"heavy", 1000}, {"light", 1}}, false, base::Random(8));
  std::size_t light = 0;
  for (int round = 0; round < 20000; ++round) {
    for (const auto& share : picker.pick(1)) light += share.queue == "light" ? share.share : 0;
  }
  EXPECT_GT(light, 0u);
}

TEST(QueuePicker, OnlyTheProportionOfTheWeightsCounts) {
  QueuePicker small({{"a", 3}, {"b", 2}, {"c", 1}}, false, base::Random(9));
  QueuePicker large({{"a", 3000}, {"b", 2000}, {"c", 1000}}, false, base::Random(9));
  for (std::size_t max = 0; max < 500; ++max) {
    const Order one = small.pick(max), other = large.pick(max);
    ASSERT_EQ(names(one), names(other));
    for (std::size_t i = 0; i < one.size(); ++i) ASSERT_EQ(one[i].share, other[i].share);
  }
}

TEST(QueuePicker, TheSameSeedGivesTheSamePicks) {
  const Queues queues = {{"a", 3}, {"b", 2}, {"c", 1}};
  QueuePicker one(queues, false, base::Random(10)), other(queues, false, base::Random(10));
  for (int round = 0; round < 100; ++round) ASSERT_EQ(names(one.pick(7)), names(other.pick(7)));
}

TEST(QueuePicker, HugeWeightsAndBatchesDoNotOverflow) {
  constexpr int kHuge = std::numeric_limits<int>::max();
  QueuePicker picker({{"a", kHuge}, {"b", kHuge}, {"c", kHuge - 1}, {"d", 1}}, false, base::Random(11));
  for (const std::size_t max : {std::size_t{1}, std::size_t{1} << 40, std::numeric_limits<std::size_t>::max()}) {
    EXPECT_EQ(sum_of_shares(picker.pick(max)), max);
  }
}

TEST(QueuePicker, PicksReuseTheMemoryOfTheFirst) {
  QueuePicker picker({{"a", 3}, {std::string(100, 'b'), 2}, {std::string(50, 'c'), 1}}, false, base::Random(12));
  const Order& order = picker.pick(10);
  std::vector<const char*> places;
  for (const auto& share : order) places.push_back(share.queue.data());
  const QueuePicker::Share* const begin = order.data();
  for (int round = 0; round < 200; ++round) {
    const Order& next = picker.pick(static_cast<std::size_t>(round));
    ASSERT_EQ(next.data(), begin);
    for (std::size_t i = 0; i < places.size(); ++i) ASSERT_EQ(next[i].queue.data(), places[i]);
  }
}

}  // namespace
}  // namespace windlass::core
