// Trouble: a full disk, a transaction left open, a process that was stopped, a queue too large to remove at once.
#include <sched.h>
#include <sqlite3.h>
#include <sys/mount.h>

#include <csignal>
#include <fstream>
#include <thread>

#include "broker/sqlite/side_file.hpp"
#include "integration/sqlite_fixture.hpp"
#include "support/fake_clock.hpp"

namespace windlass::testing {
namespace {

class SqliteTrouble : public SqliteBrokerTest {};

// On a disk of 4 MiB, in a mount name space of its own. 0 = as it should be.
int fill_a_disk(const std::string& folder, DatabaseOptions options) {
  options.path = folder + "/tasks.db";
  const std::string filler = folder + "/filler";
  std::ofstream(filler) << std::string(1 << 20, 'x');
  const auto broker = get(open_sqlite_broker(options, base::real_clock()));
  std::uint64_t stored = 0;
  ErrorCode last = ErrorCode::kInternal;
  for (int batch = 0; batch < 100; ++batch) {
    std::vector<NewTask> tasks(10);
    for (int i = 0; i < 10; ++i) {
      core::TaskMessage& message = tasks[static_cast<std::size_t>(i)].message;
      message.id = std::to_string(batch) + "-" + std::to_string(i);
      message.queue = "q";
      message.type = "t";
      message.payload = Payload(std::string(20000, 'x'));
    }
    const auto outcomes = broker->enqueue(tasks);
    if (!outcomes) {
      last = outcomes.error().code();
      break;
    }
    stored += tasks.size();
  }
  if (last != ErrorCode::kResourceExhausted) return 2;
  if (get(broker->queue_info("q")).size != stored) return 3;  // half a batch was stored
  std::filesystem::remove(filler);
  NewTask one;
  one.message.id = "later";
  one.message.queue = "q";
  one.message.type = "t";
  if (!broker->enqueue({&one, 1})) return 4;  // there is room again
  if (get(broker->queue_info("q")).size != stored + 1) return 5;
  return 0;
}

TEST_F(SqliteTrouble, AFullDiskStoresNothingOfABatchAndLaterCallsWork) {
  constexpr int kNoMount = 77;
  const int code = wait_for(spawn([&] {
    if (unshare(CLONE_NEWNS) != 0 || mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) return kNoMount;
    if (mount("tmpfs", folder_.c_str(), "tmpfs", 0, "size=4m") != 0) return kNoMount;
    return fill_a_disk(folder_.string(), options_);
  }));
  if (code == kNoMount) GTEST_SKIP() << "a small file system cannot be mounted here (needs root)";
  EXPECT_EQ(code, 0);
}

TEST_F(SqliteTrouble, ATransactionLeftOpenByTheUserIsWaitedForOnlySoLong) {
  options_.patience = 100ms;
  const auto broker = open();
  put(*broker, "1");
  sqlite3* user = nullptr;
  ASSERT_EQ(sqlite3_open(options_.path.c_str(), &user), SQLITE_OK);
  ASSERT_EQ(sqlite3_exec(user, "CREATE TABLE orders(id); BEGIN IMMEDIATE; INSERT INTO orders VALUES(1)", nullptr, nullptr, nullptr),
            SQLITE_OK);
  const NewTask blocked = task("2");
  const auto refused = broker->enqueue({&blocked, 1});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), ErrorCode::kUnavailable);
  EXPECT_TRUE(exists(*broker, "1")) << "reading goes on";
  EXPECT_FALSE(exists(*broker, "2"));
  ASSERT_EQ(sqlite3_exec(user, "COMMIT", nullptr, nullptr, nullptr), SQLITE_OK);
  sqlite3_close(user);
  EXPECT_TRUE(broker->enqueue({&blocked, 1}));
}

TEST_F(SqliteTrouble, AProcessThatHoldsTheTurnToWriteIsWaitedForOnlySoLong) {
  int held[2];
  ASSERT_EQ(pipe(held), 0);
  { const auto broker = open(); }
  const pid_t holder = spawn([&] {
    const auto side_file = get(SideFile::open(options_.path));
    if (!side_file->lock(1s)) return 1;
    if (write(held[1], "x", 1) != 1) return 2;
    pause();
    return 0;
  });
  char byte = 0;
  ASSERT_EQ(read(held[0], &byte, 1), 1);
  options_.patience = 100ms;
  EXPECT_EQ(open_error().code(), ErrorCode::kUnavailable);
  kill(holder, SIGKILL);
  EXPECT_EQ(wait_for(holder), -SIGKILL);
  put(*open(), "1");
  close(held[0]);
  close(held[1]);
}

TEST_F(SqliteTrouble, TasksOfARemovedQueueAreGoneAtOnceAndTheirLocksToo) {
  const auto broker = open();
  NewTask locked = task("locked");
  locked.unique_ttl = 1h;
  locked.message.unique_key = "key";
  get(broker->enqueue({&locked, 1}));
  std::vector<NewTask> many;
  for (int i = 0; i < 2500; ++i) many.push_back(task("many-" + std::to_string(i)));
  get(broker->enqueue(many));
  ASSERT_TRUE(broker->remove_queue("q", true));
  EXPECT_EQ(broker->queue_info("q").error().code(), ErrorCode::kQueueNotFound);
  EXPECT_EQ(get(broker->enqueue({&locked, 1})).at(0).status, EnqueueStatus::kEnqueued);
  EXPECT_EQ(size(*broker), 1U);
}

TEST_F(SqliteTrouble, ACancelRequestThatNobodyReadInTimeIsReportedAsMissed) {
  FakeClock clock;
  const auto broker = get(open_sqlite_broker(options_, clock));
  const auto feed = broker->make_cancel_feed();
  const CancelRequest request{{"q", "1"}, false};
  ASSERT_TRUE(broker->cancel({&request, 1}));
  clock.advance(1h);
  ASSERT_TRUE(broker->cancel({&request, 1}));
  const auto read = feed->wait(clock.now());
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().code(), ErrorCode::kUnavailable);
  ASSERT_TRUE(broker->cancel({&request, 1}));
  EXPECT_EQ(get(feed->wait(clock.now())).size(), 1U) << "the feed mends itself";
}

TEST_F(SqliteTrouble, APayloadOverTheLimitIsRefusedBeforeAnythingIsStored) {
  const auto broker = get(open_sqlite_broker(options_, base::real_clock(), 1000));
  const NewTask tasks[] = {task("small"), task("large", 1001)};
  const auto refused = broker->enqueue(tasks);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), ErrorCode::kResourceExhausted);
  EXPECT_NE(refused.error().message().find("large"), std::string::npos) << refused.error().message();
  EXPECT_FALSE(exists(*broker, "small"));
}

TEST_F(SqliteTrouble, ALargePayloadComesBackWhole) {
  const auto broker = open();
  NewTask large = task("large", 5'000'000);
  get(broker->enqueue({&large, 1}));
  EXPECT_EQ(fetch(*broker).at(0).message.payload, large.message.payload);
}

// The log is copied while others write, and must begin anew all the same: 200 MB go through it.
TEST_F(SqliteTrouble, TheLogStaysSmallWhileManyWrite) {
  const auto broker = open();
  std::vector<std::thread> crowd;
  for (int thread = 0; thread < 4; ++thread) {
    crowd.emplace_back([&, thread] {
      for (int batch = 0; batch < 50; ++batch) {
        std::vector<NewTask> tasks;
        for (int i = 0; i < 100; ++i) {
          tasks.push_back(task(std::to_string(thread) + "-" + std::to_string(batch) + "-" + std::to_string(i), 10000));
        }
        EXPECT_TRUE(broker->enqueue(tasks));
      }
    });
  }
  for (std::thread& one : crowd) one.join();
  EXPECT_LT(std::filesystem::file_size(options_.path + "-wal"), 100U << 20);
  EXPECT_EQ(size(*broker), 20000U);
  expect_true_counters(*broker);
}

}  // namespace
}  // namespace windlass::testing
