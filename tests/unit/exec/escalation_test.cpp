#include "exec/escalation.hpp"

#include <csignal>

#include <gtest/gtest.h>

namespace windlass::exec {
namespace {

using namespace std::chrono_literals;

constexpr Duration kStart = 1000s;

TEST(Escalation, SigtermThenSigkillAndNothingBefore) {
  Escalation escalation;
  EXPECT_EQ(escalation.next(), Duration::max());
  EXPECT_EQ(escalation.take_due(kStart), 0);
  escalation.begin({.terminate = 5s, .kill = 6s}, false, kStart);
  EXPECT_EQ(escalation.next(), kStart + 5s);
  EXPECT_EQ(escalation.take_due(kStart + 5s - 1ns), 0);
  EXPECT_EQ(escalation.take_due(kStart + 5s), SIGTERM);
  EXPECT_EQ(escalation.next(), kStart + 6s);
  EXPECT_EQ(escalation.take_due(kStart + 6s - 1ns), 0);
  EXPECT_EQ(escalation.take_due(kStart + 6s), SIGKILL);
  EXPECT_EQ(escalation.next(), Duration::max());
}

TEST(Escalation, WhatIsLateComesInOrder) {
  Escalation escalation;
  escalation.begin({.terminate = 5s, .kill = 6s}, false, kStart);
  EXPECT_EQ(escalation.take_due(kStart + 1h), SIGTERM);
  EXPECT_EQ(escalation.take_due(kStart + 1h), SIGKILL);
  EXPECT_EQ(escalation.take_due(kStart + 1h), 0);
}

TEST(Escalation, AnUrgentOneHasThreeHundredMilliseconds) {
  Escalation escalation;
  escalation.begin({.terminate = 5s, .kill = 6s}, true, kStart);
  EXPECT_EQ(escalation.take_due(kStart + 200ms), SIGTERM);
  EXPECT_EQ(escalation.take_due(kStart + 300ms), SIGKILL);
}

TEST(Escalation, OneThatBecomesUrgentHasThemFromThenOn) {
  Escalation escalation;
  escalation.begin({.terminate = 0s, .kill = 1h}, false, kStart);
  EXPECT_EQ(escalation.take_due(kStart), SIGTERM);
  escalation.hurry(kStart + 1s);
  EXPECT_EQ(escalation.take_due(kStart + 1300ms - 1ns), 0) << "no second SIGTERM";
  EXPECT_EQ(escalation.take_due(kStart + 1300ms), SIGKILL);
}

TEST(Escalation, NothingBecomesLaterByBeingUrgent) {
  Escalation escalation;
  escalation.begin({.terminate = 10ms, .kill = 20ms}, true, kStart);
  EXPECT_EQ(escalation.take_due(kStart + 10ms), SIGTERM);
  EXPECT_EQ(escalation.take_due(kStart + 20ms), SIGKILL);
}

TEST(Escalation, NobodyIsHurriedWhoWasNotToldToStop) {
  Escalation escalation;
  escalation.hurry(kStart);
  EXPECT_EQ(escalation.next(), Duration::max());
  escalation.begin({.terminate = 1s, .kill = 2s}, false, kStart);
  escalation.end();
  escalation.hurry(kStart);
  EXPECT_EQ(escalation.take_due(kStart + 1h), 0);
}

}  // namespace
}  // namespace windlass::exec
