// windlass dash in a real terminal: tmux types the keys and shows the screen.
#include <fcntl.h>
#include <poll.h>

#include <chrono>
#include <regex>

#include <windlass/client.hpp>

#include "cli_fixture.hpp"
#include "integration/running_program.hpp"
#include "support/redis_server.hpp"

namespace windlass::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

class DashScreen : public Cli {
 protected:
  void SetUp() override {
    if (run({"sh", "-c", "command -v tmux"}).code != 0) GTEST_SKIP() << "tmux is not installed (scripts/setup test)";
  }
  ~DashScreen() override {
    (void)tmux({"kill-server"});
    if (wrote_ >= 0) ::close(wrote_);
  }

  Ran tmux(const Arguments& arguments) const {
    Arguments argv{"tmux", "-u", "-S", path("tmux"), "-f", "/dev/null"};
    argv.insert(argv.end(), arguments.begin(), arguments.end());
    return run(argv, {}, {"LC_ALL=C.UTF-8", "TMUX="});
  }
  // The dashboard in a terminal of that size; its exit code is in the file "code" when it has left.
  void start(const std::string& url, int width = 80, int height = 24) {
    // What it writes comes through a pipe too: how the test knows that the screen may have changed.
    wrote_ = ::open(make_fifo("wrote").c_str(), O_RDWR | O_NONBLOCK | O_CLOEXEC);
    const std::string command = std::string("'") + WINDLASS_TOOL + "' --broker '" + url + "' dash --refresh 100ms 2>" +
                                path("err") + "; echo $? >" + path("code.new") + "; mv " + path("code.new") + " " +
                                path("code") + "; cat";
    const Ran ran = tmux({"new-session", "-d", "-x", std::to_string(width), "-y", std::to_string(height), command});
    ASSERT_EQ(ran.code, 0) << ran.err;
    ASSERT_EQ(tmux({"pipe-pane", "-O", "exec cat >" + path("wrote")}).code, 0);
  }
  std::string screen() const { return tmux({"capture-pane", "-p"}).out; }
  void press(const Arguments& keys) const {
    Arguments arguments{"send-keys"};
    arguments.insert(arguments.end(), keys.begin(), keys.end());
    EXPECT_EQ(tmux(arguments).code, 0);
  }
  // Until the screen is as wanted: looked at whenever something was written to it.
  ::testing::AssertionResult becomes(const ::testing::Matcher<std::string>& wanted) {
    const auto give_up = std::chrono::steady_clock::now() + std::chrono::minutes(1);
    for (;;) {
      const std::string now = screen();
      if (wanted.Matches(now)) return ::testing::AssertionSuccess();
      pollfd ready{wrote_, POLLIN, 0};
      if (std::chrono::steady_clock::now() > give_up || ::poll(&ready, 1, 60'000) <= 0) {
        return ::testing::AssertionFailure() << "it shows\n" << now;
      }
      char bytes[65536];
      while (::read(wrote_, bytes, sizeof bytes) > 0) {}
    }
  }
  ::testing::AssertionResult shows(const std::string& text) { return becomes(HasSubstr(text)); }

  void enqueue(const std::string& id, Arguments more = {}) const {
    Arguments arguments{"enqueue", "t", "payload-of-" + id, "--id", id};
    arguments.insert(arguments.end(), more.begin(), more.end());
    ASSERT_EQ(windlass(arguments).code, 0);
  }

  int wrote_ = -1;
};

TEST_F(DashScreen, FromTheQueuesToATaskAndBack) {
  enqueue("a");
  enqueue("b", {"--queue", "队列"});
  start(broker());
  ASSERT_TRUE(becomes(AllOf(HasSubstr("2 queues"), HasSubstr("队列"), HasSubstr("sqlite:"))));
  press({"Enter"});
  ASSERT_TRUE(shows("no active tasks"));
  press({"Right"});
  ASSERT_TRUE(shows("payload-of-a"));
  press({"Enter"});
  ASSERT_TRUE(shows("state       pending"));
  press({"Escape"});
  ASSERT_TRUE(shows("[pend 1]"));
  press({"q"});
  ASSERT_TRUE(shows("2 queues"));
  press({"?"});
  ASSERT_TRUE(shows("pause a queue"));
  press({"q"});
  ASSERT_TRUE(shows("2 queues"));
  press({"q"});
  ASSERT_TRUE(becomes(Not(HasSubstr("2 queues")))) << "the terminal is as it was";
}

TEST_F(DashScreen, GroupsAndTheirTasks) {
  enqueue("g1", {"--group", "daily"});
  enqueue("g2", {"--group", "weekly"});
  start(broker());
  ASSERT_TRUE(shows("1 queue"));
  press({"Enter"});
  ASSERT_TRUE(shows("no active tasks"));
  press({"Right"});
  ASSERT_TRUE(shows("no pending tasks"));
  press({"Right"});
  ASSERT_TRUE(becomes(AllOf(HasSubstr("(all)"), HasSubstr("daily"), HasSubstr("weekly"))));
  press({"Down", "Down", "Enter"});
  ASSERT_TRUE(becomes(AllOf(HasSubstr("payload-of-g2"), Not(HasSubstr("payload-of-g1")))));
  press({"Enter"});
  ASSERT_TRUE(shows("group       weekly"));
  press({"q", "q"});
  ASSERT_TRUE(shows("(all)"));
}

TEST_F(DashScreen, ATaskThatFailedIsShownWithAllOfIt) {
  enqueue("f", {"--max-retry", "0"});
  ASSERT_EQ(work_all("t=sh -c 'echo the last words >&2; kill -SEGV $$'").code, 0);
  start(broker());
  ASSERT_TRUE(shows("1 queue"));
  press({"Enter"});
  ASSERT_TRUE(shows("no active tasks"));
  press({"h", "h"});
  ASSERT_TRUE(becomes(AllOf(HasSubstr("LAST FAILURE"), HasSubstr("SIGSEGV"))));
  press({"Enter"});
  ASSERT_TRUE(becomes(AllOf(HasSubstr("state       archived"), HasSubstr("SIGSEGV"), HasSubstr("the last words"))));
  press({"r"});
  ASSERT_TRUE(shows("Run task 'f' of queue 'default'? y / n"));
  press({"y"});
  ASSERT_TRUE(shows("state       pending"));
}

TEST_F(DashScreen, EntriesOfSchedulersAreShown) {
  write_file(path("s.toml"), "[[entry]]\nname = \"nightly\"\ncron = \"0 3 * * *\"\ntype = \"report\"\n");
  RunningProgram scheduler(with_broker({"schedule", path("s.toml")}));
  start(broker());
  press({"3"});
  ASSERT_TRUE(becomes(AllOf(HasSubstr("1 entry of schedulers that live"), HasSubstr("0 3 * * *"), HasSubstr("report"))));
  scheduler.signal(SIGTERM);
  scheduler.wait();
  ASSERT_TRUE(shows("no scheduler lives"));
}

TEST_F(DashScreen, ThousandsOfQueuesAreScrolled) {
  constexpr int kQueues = 1000;
  std::vector<Task> tasks;
  for (int i = 0; i < kQueues; ++i) tasks.emplace_back("t", "x", EnqueueOptions().queue("q" + std::to_string(10000 + i)));
  Client client(*open_broker(broker()));
  for (const auto& stored : client.enqueue_batch(tasks)) ASSERT_TRUE(stored);
  start(broker());
  ASSERT_TRUE(becomes(AllOf(HasSubstr("1000 queues  size 1.0k"), HasSubstr("q10000"))));
  press({"Up"});
  ASSERT_TRUE(shows("q10999"));
  press({"Enter"});
  ASSERT_TRUE(becomes(AllOf(HasSubstr("q10999"), HasSubstr("no active tasks"))));
}

TEST_F(DashScreen, NamesSteerNoTerminalAndNoColorIsObeyed) {
  const std::string name = "bad\x1b[31m\n<b> 队列 e\xcc\x81";
  enqueue("a", {"--queue", name});
  ::setenv("NO_COLOR", "1", 1);
  start(broker());
  ::unsetenv("NO_COLOR");
  ASSERT_TRUE(becomes(AllOf(HasSubstr("bad\\x1b[31m\\n"), HasSubstr("1 queue"))));
  press({"Enter"});
  ASSERT_TRUE(shows("no active tasks"));
  press({"Right"});
  ASSERT_TRUE(shows("payload-of-a"));
  press({"Enter"});
  ASSERT_TRUE(becomes(AllOf(HasSubstr("state       pending"), HasSubstr("队列 e\xcc\x81"))));
  const std::string styled = tmux({"capture-pane", "-p", "-e"}).out;
  EXPECT_FALSE(std::regex_search(styled, std::regex("\x1b\\[[0-9;]*[34][0-7]m"))) << styled;
}

TEST_F(DashScreen, ActsAskFirst) {
  enqueue("a");
  start(broker());
  ASSERT_TRUE(shows("1 queue"));
  press({"P"});
  ASSERT_TRUE(shows("Pause queue 'default'? y / n"));
  press({"y"});
  ASSERT_TRUE(becomes(AllOf(HasSubstr("Pause queue 'default': done"), HasSubstr("paused"))));
  press({"Enter"});
  ASSERT_TRUE(shows("no active tasks"));
  press({"l"});
  ASSERT_TRUE(shows("payload-of-a"));
  press({"d"});
  ASSERT_TRUE(shows("Delete task 'a' of queue 'default'? y / n"));
  press({"n"});
  ASSERT_TRUE(shows("nothing done"));
  EXPECT_EQ(at(inspect("a"), "state"), "pending");
  press({"a"});
  press({"y"});
  ASSERT_TRUE(shows("Archive task 'a' of queue 'default': done"));
  EXPECT_EQ(at(inspect("a"), "state"), "archived");
}

TEST_F(DashScreen, ShowsWhatWorkersRunAndCancelsIt) {
  const std::string started = make_fifo("started");
  enqueue("a");
  RunningProgram worker(
      with_broker({"work", "--exec", "t=sh -c 'echo > " + started + "; exec sleep 1000'", "--concurrency", "2"}));
  read_file(started);
  start(broker());
  ASSERT_TRUE(shows("1 active"));
  press({"2"});
  ASSERT_TRUE(becomes(AllOf(HasSubstr("1 server  1 of 2 workers run"), HasSubstr("default t payload-of-a"))));
  press({"1"});
  ASSERT_TRUE(shows("1 active"));
  press({"Enter"});
  ASSERT_TRUE(shows("payload-of-a"));
  press({"c"});
  ASSERT_TRUE(shows("Cancel task 'a' of queue 'default'? y / n"));
  press({"y"});
  ASSERT_TRUE(shows("no active tasks"));
  EXPECT_EQ(at(inspect("a"), "failure.kind"), "cancelled");
}

TEST_F(DashScreen, FollowsTheSizeOfTheTerminal) {
  enqueue("a");
  start(broker());
  ASSERT_TRUE(becomes(AllOf(HasSubstr("1 queue"), Not(HasSubstr("MEMORY")))));
  ASSERT_EQ(tmux({"resize-window", "-x", "200", "-y", "50"}).code, 0);
  ASSERT_TRUE(shows("MEMORY"));
  ASSERT_EQ(tmux({"resize-window", "-x", "40", "-y", "10"}).code, 0);
  ASSERT_TRUE(becomes(AllOf(HasSubstr("default"), Not(HasSubstr("MEMORY")))));
}

TEST_F(DashScreen, AStoreThatIsAwayIsShownAndComesBack) {
  if (!redis_is_installed()) GTEST_SKIP() << kNoRedis;
  RedisServer redis({{"appendonly yes"}});
  ASSERT_EQ(run({WINDLASS_TOOL, "--broker", redis.url(), "enqueue", "t", "--queue", "mail"}).code, 0);
  start(redis.url());
  ASSERT_TRUE(shows("mail"));
  redis.stop_cleanly();
  ASSERT_TRUE(shows("127.0.0.1:" + std::to_string(redis.port()) + ": "));
  EXPECT_THAT(screen(), HasSubstr("mail")) << "what was read last stays";
  redis.start();
  ASSERT_TRUE(shows("up/down select"));
}

TEST_F(DashScreen, ControlCLeavesWithCode0) {
  start(broker());
  ASSERT_TRUE(shows("no queues yet"));
  press({"C-c"});
  ASSERT_TRUE(becomes(Not(HasSubstr("no queues yet"))));
  // The shell writes the code behind the last look at the screen; it is there when the file is.
  EXPECT_EQ(tmux({"run-shell", "while ! test -e " + path("code") + "; do sleep 0.05; done"}).code, 0);
  EXPECT_EQ(read_file(path("code")), "0\n") << read_file(path("err"));
}

TEST_F(DashScreen, WithoutATerminalItIsRefused) {
  const Ran ran = windlass({"dash"});
  EXPECT_EQ(ran.code, 2);
  EXPECT_THAT(ran.err, HasSubstr("terminal"));
  EXPECT_EQ(windlass({"dash", "--refresh", "1ms"}).code, 2);
}

}  // namespace
}  // namespace windlass::testing
