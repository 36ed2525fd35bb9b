// The test program is also the guard that the tests start: they run this binary again.
#include <string_view>

#include <gtest/gtest.h>

#include "exec/child_guard.hpp"

int main(int argc, char** argv) {
  if (argc == 2 && std::string_view(argv[1]) == windlass::exec::kGuardCommand) {
    windlass::exec::run_guard();
    return 0;
  }
  testing::InitGoogleTest(&argc, argv);
  return RUN_ALL_TESTS();
}
