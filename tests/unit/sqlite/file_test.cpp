#include "sqlite/file.hpp"

#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>

namespace windlass::sqlite {
namespace {

class FileTest : public ::testing::Test {
 protected:
  FileTest() {
    std::string folder = (std::filesystem::temp_directory_path() / "windlass-file-XXXXXX").string();
    folder_ = mkdtemp(folder.data());
  }
  ~FileTest() override { std::filesystem::remove_all(folder_); }
  std::string path(const std::string& name) const { return (folder_ / name).string(); }

  std::filesystem::path folder_;
};

TEST_F(FileTest, ANewFileIsItsOwnersAlone) {
  ASSERT_TRUE(prepare_file(path("new.db")));
  struct stat status{};
  ASSERT_EQ(stat(path("new.db").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600U);
}

TEST_F(FileTest, AnExistingFileKeepsItsBytesAndItsMode) {
  { std::ofstream(path("old.db")) << "bytes"; }
  ASSERT_EQ(chmod(path("old.db").c_str(), 0660), 0);
  ASSERT_TRUE(prepare_file(path("old.db")));
  EXPECT_EQ(std::filesystem::file_size(path("old.db")), 5U);
  struct stat status{};
  ASSERT_EQ(stat(path("old.db").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0660U);
}

TEST_F(FileTest, AMissingFolderIsNamed) {
  const Status status = prepare_file(path("no/such/x.db"));
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().code(), ErrorCode::kUnavailable);
  EXPECT_NE(status.error().message().find(path("no/such") + " does not exist"), std::string::npos) << status.error().message();
}

TEST_F(FileTest, AFolderIsNoFile) {
  const Status status = prepare_file(folder_.string());
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().code(), ErrorCode::kInvalidArgument);
}

TEST_F(FileTest, AnEmptyPathIsRefused) { EXPECT_EQ(prepare_file("").error().code(), ErrorCode::kInvalidArgument); }

}  // namespace
}  // namespace windlass::sqlite
