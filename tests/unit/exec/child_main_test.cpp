// A process that finds itself told to be a handler process.
#include "exec/child_main.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>

#include <windlass/mux.hpp>

#include "exec/child_orders.hpp"

namespace windlass::exec {
namespace {

// Had it gone on, it would have ended its process group with itself.
TEST(ChildMainDeathTest, OrdersOfNoServerEndTheProcessWithWhatToDo) {
  EXPECT_EXIT(
      {
        ::setpgid(0, 0);
        ::dup2(::open("/dev/null", O_RDWR), kControlFd);
        ::setenv(kChildVariable, orders_text({.lanes = 1}).c_str(), 1);
        serve_if_child(Mux());
      },
      ::testing::ExitedWithCode(kExitBadOrders), "WINDLASS_CHILD is set, but no server has started this process");
}

}  // namespace
}  // namespace windlass::exec
