// The tool in trouble: a disk that is full, files of others, a file from the future; and times of less than a second.
#include <unistd.h>

#include <algorithm>
#include <chrono>

#include "cli_fixture.hpp"
#include "core/text.hpp"

namespace windlass::testing {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using ::testing::StartsWith;

class CliTrouble : public Cli {
 protected:
  // As the user "nobody", who gets a copy of the tool, as the build folder may be closed to him.
  Ran as_nobody(const std::string& store, const Arguments& arguments) const {
    std::filesystem::permissions(folder_, std::filesystem::perms(0755));
    std::filesystem::copy_file(WINDLASS_TOOL, path("windlass"), std::filesystem::copy_options::skip_existing);
    Arguments argv{"setpriv", "--reuid=65534", "--clear-groups", path("windlass"), "--broker", "sqlite:" + store};
    argv.insert(argv.end(), arguments.begin(), arguments.end());
    return run(argv, {}, {"HOME=/nonexistent"});
  }
  static TimePoint time_of(const codec::Value& task, const std::string& field) {
    const Result<TimePoint> time = core::parse_time(at(task, field));
    EXPECT_TRUE(time) << field << ": " << at(task, field);
    return time.value_or(kNoTime);
  }
};

TEST_F(CliTrouble, AFullDiskIsSaidAndWhatWasAcknowledgedIsThere) {
  const std::string script =
      "mount -t tmpfs -o size=3m tmpfs disk || exit 77\n"
      "enqueue() { \"$TOOL\" --broker sqlite:disk/tasks.db enqueue t \"$@\"; }\n"
      "head -c 1000000 /dev/zero >disk/filler; head -c 100000 /dev/zero >body\n"
      "n=0; while true; do\n"
      "  enqueue @body >id 2>error; code=$?; test $code = 0 || break\n"
      "  n=$((n + 1)); test $n -lt 100 || exit 2\n"
      "done\n"
      "cat error >&2; test $code = 1 || exit 3\n"
      "test $n -gt 0 || exit 4\n"
      "test \"$(\"$TOOL\" --broker sqlite:disk/tasks.db task ls --all --json | grep -o '\"id\"' | wc -l)\" = $n || exit 5\n"
      "rm disk/filler; enqueue small || exit 6\n";
  std::filesystem::create_directory(folder_ / "disk");
  const Ran ran = run({"unshare", "--mount", "sh", "-c", "cd '" + folder_.string() + "' || exit\n" + script}, {},
                      {std::string("TOOL=") + WINDLASS_TOOL});
  if (ran.code == 77 || ran.err.find("unshare failed") != std::string::npos) GTEST_SKIP() << "cannot mount here (needs root)";
  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_THAT(ran.err, StartsWith("windlass: enqueue on 'default': "));
  EXPECT_THAT(ran.err, HasSubstr("full"));
}

TEST_F(CliTrouble, AStoreThatOnlyItsOwnerMayReadIsRefusedByName) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root, to become somebody else";
  ASSERT_EQ(windlass({"enqueue", "t"}).code, 0);
  const Ran refused = as_nobody(path("tasks.db"), {"stats"});
  EXPECT_EQ(refused.code, 5) << refused.err;
  EXPECT_THAT(refused.err, HasSubstr(path("tasks.db")));
}

TEST_F(CliTrouble, AStoreThatMayOnlyBeReadIsRefused) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root, to become somebody else";
  ASSERT_EQ(windlass({"enqueue", "t", "--id", "a"}).code, 0);
  for (const char* name : {"tasks.db", "tasks.db-windlass-lock"}) std::filesystem::permissions(path(name), std::filesystem::perms(0444));
  const Ran refused = as_nobody(path("tasks.db"), {"enqueue", "t"});
  EXPECT_EQ(refused.code, 5) << refused.err;
  EXPECT_THAT(refused.err, HasSubstr(path("tasks.db")));
  EXPECT_EQ(as_nobody(path("tasks.db"), {"doctor"}).code, 1);
}

TEST_F(CliTrouble, APayloadFileThatMayNotBeReadIsNamed) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root, to become somebody else";
  write_file(path("secret"), "x");
  std::filesystem::permissions(path("secret"), std::filesystem::perms(0600));
  std::filesystem::create_directory(folder_ / "theirs");
  std::filesystem::permissions(folder_ / "theirs", std::filesystem::perms(0777));
  const Ran refused = as_nobody(path("theirs/tasks.db"), {"enqueue", "t", "@" + path("secret")});
  EXPECT_EQ(refused.code, 2) << refused.err;
  EXPECT_THAT(refused.err, HasSubstr(path("secret")));
}

TEST_F(CliTrouble, AStoreOfANewerVersionIsRefusedAndLeftAsItIs) {
  ASSERT_EQ(windlass({"enqueue", "t"}).code, 0);
  ASSERT_EQ(run({"sqlite3", path("tasks.db"), "UPDATE windlass_meta SET value = 99 WHERE key = 'schema_version'"}).code, 0);
  const Ran refused = windlass({"enqueue", "t", "--json"});
  EXPECT_EQ(refused.code, 5);
  EXPECT_THAT(refused.err, StartsWith(R"({"error":"unsupported","message":)"));
  EXPECT_THAT(refused.err, HasSubstr("99"));
  EXPECT_EQ(run({"sqlite3", path("tasks.db"), "SELECT count(*) FROM windlass_task"}).out, "1\n");
  EXPECT_EQ(windlass({"doctor"}).code, 1);
}

TEST_F(CliTrouble, ATimeoutUnderASecondIsKept) {
  ASSERT_EQ(windlass({"enqueue", "slow", "--id", "a", "--timeout", "300ms", "--max-retry", "0"}).code, 0);
  EXPECT_EQ(at(inspect("a"), "timeout"), "300ms");
  ASSERT_EQ(work_all("slow=sleep 60").code, 0);
  EXPECT_EQ(at(inspect("a"), "failure.kind"), "timeout");
  EXPECT_THAT(at(inspect("a"), "failure.message"), HasSubstr("300ms"));
}

TEST_F(CliTrouble, ADelayUnderASecondIsKeptAndTheTaskNeverEarly) {
  ASSERT_EQ(windlass({"enqueue", "clock", "--id", "a", "--in", "350ms", "--retention", "1h"}).code, 0);
  const codec::Value waiting = inspect("a");
  EXPECT_EQ(time_of(waiting, "next_process_at") - time_of(waiting, "enqueued_at"), 350ms);
  ASSERT_EQ(work_all("clock=date --iso-8601=ns").code, 0);
  std::string ran_at = at(inspect("a"), "result");
  ran_at.pop_back();
  std::replace(ran_at.begin(), ran_at.end(), ',', '.');  // as date writes it
  const Result<TimePoint> ran = core::parse_time(ran_at);
  ASSERT_TRUE(ran) << ran_at;
  EXPECT_GE(*ran, time_of(waiting, "next_process_at"));
}

TEST_F(CliTrouble, ARetentionKeepsItsPartOfASecond) {
  ASSERT_EQ(windlass({"enqueue", "t", "--id", "a", "--retention", "60250ms"}).code, 0);
  ASSERT_EQ(work_all("t=true").code, 0);
  const codec::Value done = inspect("a");
  EXPECT_EQ(time_of(done, "delete_at") - time_of(done, "completed_at"), 60250ms);
}

}  // namespace
}  // namespace windlass::testing
