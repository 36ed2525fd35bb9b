// The two programs of docs/guide/from-asynq.md do the same.
#include <filesystem>
#include <string>

#include <gtest/gtest.h>

#include "exec/command.hpp"
#include "support/redis_server.hpp"

namespace windlass::testing {
namespace {

// What a program prints on a Redis of its own.
std::string run(const std::string& program, const std::string& scheme) {
  const RedisServer redis;
  exec::CommandSpec spec;
  spec.argv = {program, scheme + "127.0.0.1:" + std::to_string(redis.port())};
  spec.output_max = spec.error_tail_max = 1 << 20;
  const auto result = exec::run_command(spec, {});
  EXPECT_EQ(result.exit_code, 0) << result.error << result.error_tail;
  return result.output;
}

TEST(FromAsynq, TheProgramsInGoAndCppPrintTheSame) {
  if (!redis_is_installed()) GTEST_SKIP() << kNoRedis;
  if (!std::filesystem::exists(WINDLASS_GO_GUIDE)) GTEST_SKIP() << "the Go program was not built: no Go, or no module proxy";
  EXPECT_EQ(run(WINDLASS_CPP_GUIDE, "redis://"), run(WINDLASS_GO_GUIDE, ""));
}

}  // namespace
}  // namespace windlass::testing
