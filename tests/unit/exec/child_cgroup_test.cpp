// In a folder that stands for one of cgroup v2: what is made where, and what is said where something is missing.
#include "exec/child_cgroup.hpp"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace windlass::exec {
namespace {

using ::testing::HasSubstr;
namespace fs = std::filesystem;

class ChildCgroupTest : public ::testing::Test {
 protected:
  ChildCgroupTest() {
    std::string name = ::testing::TempDir() + "windlass-cgroup-XXXXXX";
    if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("mkdtemp");
    parent = name;
  }
  ~ChildCgroupTest() override { fs::remove_all(parent); }

  std::size_t folders() const {
    return static_cast<std::size_t>(std::distance(fs::directory_iterator(parent), fs::directory_iterator()));
  }
  std::string parent;
};

TEST_F(ChildCgroupTest, AFolderThatIsNoCgroupIsAnErrorThatNamesItAndLeavesNothing) {
  const auto made = ChildCgroup::make(parent, 0);
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().code(), ErrorCode::kInvalidArgument);
  EXPECT_THAT(made.error().message(), HasSubstr("'" + parent + "' is no folder of cgroup v2"));
  EXPECT_EQ(folders(), 0u);
}

TEST_F(ChildCgroupTest, AFolderThatIsNotThereIsAnErrorThatNamesIt) {
  const auto made = ChildCgroup::make(parent + "/no/such", 0);
  ASSERT_FALSE(made);
  EXPECT_THAT(made.error().message(), HasSubstr(parent + "/no/such/windlass-"));
}

pid_t dead_process() {
  const pid_t pid = ::fork();
  if (pid == 0) ::_exit(0);
  ::waitpid(pid, nullptr, 0);
  return pid;
}

TEST_F(ChildCgroupTest, OnlyWhatDeadServersHaveLeftIsRemoved) {
  const std::string dead = parent + "/windlass-" + std::to_string(dead_process()) + "-1";
  const std::string alive = parent + "/windlass-" + std::to_string(::getpid()) + "-1";
  for (const std::string& folder : {dead, alive, parent + "/windlass-x-1", parent + "/windlass-1", parent + "/other"}) {
    fs::create_directory(folder);
  }
  remove_dead_cgroups(parent);
  EXPECT_FALSE(fs::exists(dead));
  EXPECT_EQ(folders(), 4u) << "what is somebody's, or not of this kind";
  remove_dead_cgroups(parent + "/no/such");
}

}  // namespace
}  // namespace windlass::exec
