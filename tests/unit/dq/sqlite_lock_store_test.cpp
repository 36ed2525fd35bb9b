// The lock store of one machine.
#include <unistd.h>

#include <filesystem>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <windlass/dq.hpp>

#include "support/lock_store_contract.hpp"

namespace windlass::dq {
namespace {

using namespace std::chrono_literals;
using testing::get;

class DqSqliteLockStore : public ::testing::Test {
 protected:
  DqSqliteLockStore() : path_(::testing::TempDir() + "dq-locks-" + std::to_string(::getpid()) + ".db") { remove(); }
  ~DqSqliteLockStore() override { remove(); }
  void remove() const {
    for (const char* suffix : {"", "-wal", "-shm"}) std::filesystem::remove(path_ + suffix);
  }
  LockStorePtr open() const { return get(open_lock_store("sqlite:" + path_)); }

  const std::string path_;
};

TEST_F(DqSqliteLockStore, ExchangesOnlyWhatWasExpected) { testing::exchanges_only_what_was_expected(*open()); }

TEST_F(DqSqliteLockStore, GivesALockToOneOfMany) {
  const LockStorePtr a = open(), b = open();
  testing::gives_a_lock_to_one_of_many(*a, *b);
}

TEST_F(DqSqliteLockStore, ForgetsWhatHasExpired) {
  const LockStorePtr store = open();
  EXPECT_TRUE(get(store->exchange("k", "", "one", Duration::zero())).stored);
  EXPECT_EQ(get(store->exchange("k", "one", "two", 1h)).value, "") << "it is not there any more";
  EXPECT_TRUE(get(store->exchange("k", "", "two", 1h)).stored);
}

TEST_F(DqSqliteLockStore, KeepsWhatIsInItWhenOpenedAgain) {
  EXPECT_TRUE(get(open()->exchange("k", "", "one", 1h)).stored);
  EXPECT_EQ(get(open()->exchange("k", "", "two", 1h)).value, "one");
}

TEST_F(DqSqliteLockStore, AFileThatIsNoDatabaseIsSaid) {
  EXPECT_EQ(open_lock_store("sqlite:/proc/nowhere/locks.db").error().code(), ErrorCode::kUnavailable);
}

}  // namespace
}  // namespace windlass::dq
