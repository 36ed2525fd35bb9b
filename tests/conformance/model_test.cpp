// The broker under test against the memory broker: see model.hpp. WINDLASS_SEED replays one run.
#include <cstdlib>

#include "base/random.hpp"
#include "conformance/fixture.hpp"
#include "conformance/model.hpp"

namespace windlass::conformance {
namespace {

constexpr int kRuns = 5;
constexpr int kSteps = 300;

class Model : public ::testing::TestWithParam<Row> {};
WINDLASS_FOR_EACH_BROKER(Model, rows());

void run(const Row& row, std::uint64_t seed) {
  ModelRun model(row, seed);
  try {
    for (int i = 0; i < kSteps; ++i) model.step();
  } catch (const std::exception& error) {
    FAIL() << "seed " << seed << ": " << error.what() << "replay: WINDLASS_SEED=" << seed
           << " and --gtest_filter=*Model*";
  }
}

TEST_P(Model, AnswersAndShowsTheSameAsTheMemoryBrokerWhateverIsDone) {
  if (const char* seed = std::getenv("WINDLASS_SEED")) return run(GetParam(), std::strtoull(seed, nullptr, 10));
  base::Random seeds = base::Random::seeded();
  for (int i = 0; i < kRuns && !HasFailure(); ++i) run(GetParam(), seeds.next());
}

}  // namespace
}  // namespace windlass::conformance
