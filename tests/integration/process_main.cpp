// The test program is also the handler process that its servers start.
#include <gtest/gtest.h>

#include <windlass/server.hpp>

#include "process_handlers.hpp"

int main(int argc, char** argv) {
  windlass::serve_if_child(windlass::testing::misbehaving_mux());
  testing::InitGoogleTest(&argc, argv);
  return RUN_ALL_TESTS();
}
