// Handler processes in control groups of their own, where this machine has cgroup v2 and lets us make some.
#include "exec/child_cgroup.hpp"

#include "process_fixture.hpp"

namespace windlass::testing {
namespace {

// Where cgroup v2 is mounted and folders can be made; empty: nowhere.
std::string writable_cgroup() {
  std::ifstream mounts("/proc/mounts");
  for (std::string device, folder, type, rest; mounts >> device >> folder >> type && std::getline(mounts, rest);) {
    if (type == "cgroup2" && exec::ChildCgroup::make(folder, 0)) return folder;
  }
  return {};
}

class CgroupTest : public ProcessTest {
 protected:
  void SetUp() override {
    if (folder.empty()) GTEST_SKIP() << "no cgroup v2 in which this process may make control groups";
    config.isolation.cgroup = folder;
  }
  const std::string folder = writable_cgroup();
};

TEST_F(CgroupTest, AChildHasAControlGroupOfItsOwnThatGoesWithIt) {
  const std::string groups = *run("cgroup").result;
  const auto at = groups.find("/windlass-" + std::to_string(::getpid()) + "-");
  ASSERT_NE(at, groups.npos) << groups;
  const std::string own = folder + groups.substr(at, groups.find('\n', at) - at);
  EXPECT_TRUE(std::filesystem::exists(own)) << own;
  server->stop();
  server.reset();
  EXPECT_FALSE(std::filesystem::exists(own));
}

TEST_F(CgroupTest, WhatHasLeftTheProcessGroupEndsWithItsChild) {
  const std::string mark = dir.file("mark");
  run("runaway-then-segv", mark);
  const pid_t runaway = marked_pid(mark);
  EXPECT_TRUE(eventually([&] { return !process_lives(runaway); }));
}

TEST_F(ProcessTest, AFolderThatIsNoControlGroupIsAFailureThatSaysSo) {
  config.isolation.cgroup = dir.path();
  const TaskInfo info = run("ok");
  EXPECT_EQ(info.state, TaskState::kArchived);
  EXPECT_THAT(info.failure.message, HasSubstr("'" + dir.path() + "' is no folder of cgroup v2"));
}

}  // namespace
}  // namespace windlass::testing
