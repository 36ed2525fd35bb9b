// The simulator (docs/internals/simulator.md): each seed is a run.
//
//   WINDLASS_SEED=N          that run alone
//   WINDLASS_SIM_SEEDS=N     so many runs
//   WINDLASS_SIM_MINUTES=N   as many runs as begin in so many minutes
//   WINDLASS_SIM_FROM=N      their seeds follow from N: the same each time (default: by chance)
//
// The tests of a change run the same seeds each time, so that they say something of the change; new ones are for the long runs (make sim).
#include <cstdlib>

#include <chrono>
#include <iostream>
#include <string>

#include <gtest/gtest.h>
#include <windlass/log.hpp>

#include "sim/simulation.hpp"
#include "support/seed.hpp"

namespace windlass::sim {
namespace {

constexpr std::uint64_t kSeedsByDefault = 20;

std::uint64_t number_from(const char* variable, std::uint64_t otherwise) {
  const char* const text = std::getenv(variable);
  return text != nullptr ? std::strtoull(text, nullptr, 0) : otherwise;
}

Setup setup_of(const conformance::Row& row) {
  // A look at a store in another process, or in a file, takes longer than all the rest of a step.
  Setup setup;
  if (row.shared) setup.audit_every = 20;
  setup.one_machine = row.name == "sqlite";
  return setup;
}

class Simulator : public ::testing::TestWithParam<conformance::Row> {
 protected:
  // The logs of servers in trouble are of no use to anybody here.
  void SetUp() override { set_log_level(LogLevel::kOff); }
  void TearDown() override { set_log_level(LogLevel::kInfo); }

  void run(std::uint64_t seed) {
    Simulation simulation(GetParam(), seed, setup_of(GetParam()));
    const std::string report = simulation.run();
    steps_ += simulation.world().steps();
    stored_ += simulation.history().stored();
    runs_ += simulation.history().runs();
    if (report.empty()) return;
    const auto* const test = ::testing::UnitTest::GetInstance();
    ADD_FAILURE() << report << "repeat with: WINDLASS_SEED=" << seed << " bin/sim_" << GetParam().name
                  << "_tests --gtest_filter='*" << test->current_test_info()->name() << "'";
  }

  std::uint64_t steps_ = 0, stored_ = 0, runs_ = 0;
};
INSTANTIATE_TEST_SUITE_P(Brokers, Simulator, ::testing::ValuesIn(conformance::rows()),
                         [](const auto& row) { return row.param.name; });

TEST_P(Simulator, KeepsEveryPromiseWhateverHappens) {
  using Time = std::chrono::steady_clock;
  if (std::getenv("WINDLASS_SEED") != nullptr) return run(testing::test_seed());
  const std::uint64_t minutes = number_from("WINDLASS_SIM_MINUTES", 0);
  const std::uint64_t seeds = minutes > 0 ? UINT64_MAX : number_from("WINDLASS_SIM_SEEDS", kSeedsByDefault);
  const auto until = Time::now() + std::chrono::minutes(minutes);
  base::Random source = std::getenv("WINDLASS_SIM_FROM") != nullptr ? base::Random(number_from("WINDLASS_SIM_FROM", 0)) : base::Random::seeded();
  std::uint64_t done = 0;
  for (; done < seeds && !HasFailure() && (minutes == 0 || Time::now() < until); ++done) run(source.next());
  std::cout << done << " runs: " << steps_ << " steps, " << stored_ << " tasks stored, " << runs_ << " times fetched\n";
  EXPECT_GT(stored_, 10 * done) << "simulations in which hardly anything happens prove nothing";
  EXPECT_GT(runs_, 10 * done);
}

TEST_P(Simulator, IsAFunctionOfItsSeed) {
  const auto seed = number_from("WINDLASS_SEED", 1);
  SCOPED_TRACE(testing::replay(seed));
  std::uint64_t fingerprints[2];
  for (std::uint64_t& fingerprint : fingerprints) {
    Simulation simulation(GetParam(), seed, setup_of(GetParam()));
    EXPECT_EQ(simulation.run(), "");
    fingerprint = simulation.world().fingerprint();
  }
  EXPECT_EQ(fingerprints[0], fingerprints[1]);
}

}  // namespace
}  // namespace windlass::sim
