// The test program is also the handler process that its servers start.
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>

#include <windlass/server.hpp>

#include "exec/channel.hpp"
#include "exec/child_orders.hpp"
#include "process_handlers.hpp"

namespace {

// A program whose children say that they serve, and end before they have read a task.
void die_early_if_asked() {
  using namespace windlass::exec;
  if (std::getenv("WINDLASS_TEST_DIES_EARLY") == nullptr || std::getenv(kChildVariable) == nullptr) return;
  (void)Channel(Fd(kControlFd)).send(HelloFrame{});
  ::_exit(9);
}

}  // namespace

int main(int argc, char** argv) {
  die_early_if_asked();
  windlass::serve_if_child(windlass::testing::misbehaving_mux());
  testing::InitGoogleTest(&argc, argv);
  return RUN_ALL_TESTS();
}
