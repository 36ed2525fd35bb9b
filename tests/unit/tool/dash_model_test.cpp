// What keys do to the dashboard, and what it shows: without a terminal and without a store.
#include "dash/model.hpp"

#include <algorithm>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "dash/render.hpp"

namespace windlass::app::dash {
namespace {

using namespace std::chrono_literals;
using ::testing::AllOf;
using ::testing::ContainsRegex;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

QueueInfo queue(const std::string& name, std::uint64_t pending = 0, bool paused = false) {
  QueueInfo info;
  info.queue = name;
  info.pending = info.size = pending;
  info.paused = paused;
  return info;
}

TaskInfo task(const std::string& id, TaskState state = TaskState::kPending) {
  TaskInfo info;
  info.id = id;
  info.queue = "mail";
  info.type = "email:send";
  info.state = state;
  info.payload = Payload("{\"to\":\"ada\"}");
  return info;
}

class Dash : public ::testing::Test {
 protected:
  Dash() { model.resize(80, 24); }

  void press(const std::u32string& keys) {
    for (const Key key : keys) model.press(key);
  }
  // Answers what the model asks for.
  Snapshot answer() {
    Snapshot snapshot;
    snapshot.query = model.query();
    snapshot.read_at = TimePoint(1000s) + ++looks * 1s;
    return snapshot;
  }
  void take_queues(std::vector<QueueInfo> queues) {
    Snapshot snapshot = answer();
    snapshot.queues = std::move(queues);
    model.take(std::move(snapshot));
  }
  void take_tasks(std::vector<TaskInfo> tasks, const std::string& next = "") {
    Snapshot snapshot = answer();
    snapshot.queues = {queue("mail", tasks.size())};
    snapshot.page.tasks = std::move(tasks);
    snapshot.page.next = next;
    model.take(std::move(snapshot));
  }
  void open_mail(std::vector<TaskInfo> tasks, const std::string& next = "") {
    take_queues({queue("mail", 3)});
    press(U"\r");
    take_tasks(std::move(tasks), next);
  }
  std::vector<std::string> screen(int width = 80, int height = 24) const {
    return render(model, width, height).lines();
  }
  std::string text(int width = 80, int height = 24) const {
    std::string all;
    for (const std::string& line : screen(width, height)) all += line + "\n";
    return all;
  }
  std::string footer() const { return screen().back(); }

  Model model{"sqlite:tasks.db"};
  int looks = 0;
};

TEST_F(Dash, BeginsWithTheQueues) {
  EXPECT_EQ(model.query().view, View::kQueues);
  EXPECT_THAT(text(), AllOf(HasSubstr("[1 Queues]"), HasSubstr("sqlite:tasks.db"), HasSubstr("reading ...")));
  take_queues({});
  EXPECT_THAT(text(), HasSubstr("no queues yet"));
  take_queues({queue("default", 12), queue("mail", 3, true)});
  EXPECT_THAT(text(), AllOf(HasSubstr("2 queues  size 15"), HasSubstr("default"), HasSubstr("paused")));
}

TEST_F(Dash, SelectionGoesRoundTheEnds) {
  take_queues({queue("a"), queue("b"), queue("c")});
  press(U"jj");
  EXPECT_EQ(model.selected(), 2);
  press(U"j");
  EXPECT_EQ(model.selected(), 0);
  press({kUp});
  EXPECT_EQ(model.selected(), 2);
  take_queues({queue("a")});
  EXPECT_EQ(model.selected(), 0) << "the others are gone";
}

TEST_F(Dash, EnterOpensAQueueAndATaskAndQGoesBack) {
  take_queues({queue("a"), queue("mail", 1)});
  press(U"j\r");
  EXPECT_EQ(model.query(), (Query{View::kTasks, "mail", TaskState::kActive, "", 18, ""}));
  press(U"l");
  EXPECT_EQ(model.query().state, TaskState::kPending);
  take_tasks({task("t1"), task("t2")});
  EXPECT_THAT(text(), AllOf(HasSubstr("[pend 2]"), HasSubstr("t2"), HasSubstr("{\"to\":\"ada\"}"))) << text();
  press(U"j\r");
  EXPECT_EQ(model.query().task, "t2");
  Snapshot snapshot = answer();
  snapshot.task = task("t2");
  model.take(snapshot);
  EXPECT_THAT(text(), AllOf(HasSubstr("id          t2"), HasSubstr("type        email:send")));
  press(U"q");
  EXPECT_EQ(model.query().view, View::kTasks);
  press({kEscape});
  take_queues({queue("0"), queue("a"), queue("mail", 1)});
  EXPECT_EQ(model.selected(), 2) << "on the queue that was open, wherever it is now";
  EXPECT_FALSE(model.done());
  press(U"q");
  EXPECT_TRUE(model.done());
}

TEST_F(Dash, StatesGoRoundToo) {
  open_mail({});
  press(U"h");
  EXPECT_EQ(model.state(), TaskState::kCompleted);
  press({kRight});
  EXPECT_EQ(model.state(), TaskState::kActive);
}

TEST_F(Dash, AggregatingTasksAreShownByTheirGroups) {
  open_mail({});
  press(U"ll");
  ASSERT_TRUE(model.query().lists_groups());
  const auto take_groups = [&] {
    Snapshot snapshot = answer();
    snapshot.queues = {queue("mail")};
    snapshot.queues[0].aggregating = 8;
    snapshot.groups = {{"daily", 2}, {"weekly\x1b[2J", 5}};
    model.take(std::move(snapshot));
  };
  take_groups();
  EXPECT_THAT(text(), AllOf(ContainsRegex(" \\(all\\) +8\n"), ContainsRegex(" daily +2\n"), ContainsRegex(" weekly\\\\x1b\\[2J +5\n")));
  press(U"d");
  EXPECT_FALSE(model.question()) << "a group is no task";
  press(U"j\r");
  EXPECT_EQ(model.query().group, "daily");
  take_tasks({task("t1", TaskState::kAggregating)});
  press(U"\r");
  EXPECT_EQ(model.query().task, "t1");
  press(U"q");
  EXPECT_EQ(model.query().group, "daily");
  press(U"q");
  EXPECT_TRUE(model.query().lists_groups());
  take_groups();
  press(U"k");
  press(U"k");
  press(U"k\r");
  EXPECT_EQ(model.query().group, "") << "all of them";
  press(U"l");
  EXPECT_EQ(model.query().group, std::nullopt);
  press(U"hq");
  EXPECT_EQ(model.view(), View::kQueues);
}

TEST_F(Dash, PagesGoForthAndBack) {
  open_mail({task("t1")}, "cursor-1");
  press(U"n");
  EXPECT_EQ(model.query().cursor, "cursor-1");
  press(U"n");
  EXPECT_EQ(model.query().cursor, "cursor-1") << "not before the page was read";
  take_tasks({task("t2")}, "cursor-2");
  EXPECT_THAT(text(), HasSubstr("page 2, n: next"));
  press({kPageDown});
  take_tasks({task("t3")});
  EXPECT_THAT(text(), HasSubstr("page 3, the last"));
  press(U"n");
  EXPECT_EQ(model.query().cursor, "cursor-2") << "there is no further one";
  press(U"pp");
  EXPECT_EQ(model.query().cursor, "");
  press(U"p");
  EXPECT_EQ(model.query().cursor, "");
}

TEST_F(Dash, ActsAskFirstAndOnlyYIsYes) {
  open_mail({task("t1"), task("t2")});
  press(U"jd");
  EXPECT_THAT(footer(), HasSubstr("Delete task 't2' of queue 'mail'? y / n"));
  EXPECT_THAT(model.take_acts(), IsEmpty());
  press({kEnter});
  EXPECT_THAT(footer(), HasSubstr("nothing done"));
  EXPECT_THAT(model.take_acts(), IsEmpty());
  EXPECT_EQ(model.query().view, View::kTasks) << "the key was the answer";
  for (const auto& [key, kind] : {std::pair{U'r', ActKind::kRun},
                                  {U'a', ActKind::kArchive},
                                  {U'd', ActKind::kDelete},
                                  {U'c', ActKind::kCancel}}) {
    press({key, U'y'});
    EXPECT_THAT(model.take_acts(), ElementsAre(Act{kind, "mail", "t2"}));
  }
  EXPECT_THAT(model.take_acts(), IsEmpty()) << "each once";
}

TEST_F(Dash, PausesAQueueOrEndsItsPause) {
  take_queues({queue("a"), queue("b", 0, true)});
  press(U"Py");
  EXPECT_THAT(model.take_acts(), ElementsAre(Act{ActKind::kPause, "a", ""}));
  press(U"jP");
  EXPECT_THAT(footer(), HasSubstr("Resume queue 'b'? y / n"));
  press(U"y");
  EXPECT_THAT(model.take_acts(), ElementsAre(Act{ActKind::kResume, "b", ""}));
}

TEST_F(Dash, WhatIsNotThereCannotBeActedOn) {
  press(U"PrdacPy\r");
  open_mail({});
  press(U"rdacy\r");
  EXPECT_THAT(model.take_acts(), IsEmpty());
  EXPECT_EQ(model.query().view, View::kTasks);
}

TEST_F(Dash, FooterTellsWhatBecameOfAnAct) {
  take_queues({queue("a")});
  model.told("delete task t1 in queue 'a': it is active: cancel it instead", true);
  EXPECT_THAT(footer(), HasSubstr("cancel it instead"));
  press(U"j");
  EXPECT_THAT(footer(), HasSubstr("Enter open")) << "the next key takes it away";
}

TEST_F(Dash, TroubleStaysUntilALookSucceedsAndTheOldDataWithIt) {
  take_queues({queue("a", 7)});
  Snapshot failed;
  failed.error = "cannot connect to 127.0.0.1:6379";
  model.take(failed);
  press(U"j");
  EXPECT_THAT(footer(), HasSubstr("cannot connect"));
  EXPECT_THAT(text(), HasSubstr("a "));
  EXPECT_EQ(render(model, 80, 24).at(1, 23).style, Style::kError);
  take_queues({queue("a", 7)});
  EXPECT_THAT(footer(), Not(HasSubstr("cannot connect")));
}

TEST_F(Dash, AnAnswerToAnOlderQuestionIsNotShown) {
  take_queues({queue("mail", 1)});
  const Snapshot old = answer();
  press(U"2");
  model.take(old);
  EXPECT_THAT(text(), HasSubstr("reading ..."));
  EXPECT_EQ(model.query().view, View::kServers);
}

TEST_F(Dash, ServersStandWithTheirWorkers) {
  press(U"2");
  Snapshot snapshot = answer();
  ServerInfo server;
  server.host = "host1";
  server.pid = 77;
  server.concurrency = 4;
  server.status = "active";
  server.queues = {{"mail", 3}, {"low", 1}};
  WorkerInfo worker;
  worker.task_id = "t1";
  worker.task_type = "email:send";
  worker.queue = "mail";
  worker.progress = Progress{40, "reading"};
  server.workers = {worker};
  snapshot.servers = {server};
  model.take(snapshot);
  EXPECT_THAT(text(120), AllOf(HasSubstr("1 server  1 of 4 workers run"), HasSubstr("host1:77"), HasSubstr("1/4"),
                               HasSubstr("low:1 mail:3"), HasSubstr("mail email:send"), HasSubstr("40 % reading")));
  press(U"3");
  model.take(answer());
  EXPECT_THAT(text(), HasSubstr("no scheduler lives"));
}

TEST_F(Dash, HelpShowsTheKeysAndGoesAway) {
  take_queues({queue("a")});
  press(U"?");
  EXPECT_THAT(text(), AllOf(HasSubstr("pause a queue"), HasSubstr("delete a task")));
  EXPECT_EQ(model.query().view, View::kQueues) << "the queues are looked at meanwhile";
  press(U"q");
  EXPECT_THAT(text(), HasSubstr("1 queue "));
  press({kInterrupt});
  EXPECT_TRUE(model.done());
}

TEST_F(Dash, FitsAnySize) {
  open_mail({task("a-long-id-of-a-task-0123456789"), task("t2")}, "more");
  for (int width = 1; width < 130; width += 3) {
    for (const int height : {1, 2, 5, 24, 60}) {
      const auto lines = screen(width, height);
      EXPECT_EQ(lines.size(), static_cast<std::size_t>(height));
    }
  }
  EXPECT_THAT(text(90), HasSubstr("retry 0  archived 0  completed 0"));
  EXPECT_THAT(text(80), HasSubstr("retry 0  arch 0  done 0")) << "names of states give way where there is no room";
}

TEST_F(Dash, TextOfOthersIsShownAndSteersNothing) {
  take_queues({queue("队列 \x1b[2J <script>", 1)});
  EXPECT_THAT(text(100), HasSubstr("队列 \\x1b[2J <sc..."));
  TaskInfo strange = task("t\n1");
  strange.payload = Payload(std::string("\xff\x00", 2));
  press(U"\r");
  take_tasks({strange});
  EXPECT_THAT(text(), AllOf(HasSubstr("t\\n1"), HasSubstr("\\xff\\x00")));
}

TEST_F(Dash, ALongTaskIsScrolled) {
  open_mail({task("t1")});
  press(U"\r");
  Snapshot snapshot = answer();
  snapshot.task = task("t1");
  snapshot.task->result = std::string(1900, 'r') + "the-end";
  model.take(snapshot);
  EXPECT_THAT(text(), Not(HasSubstr("the-end")));
  press(std::u32string(40, U'j'));
  EXPECT_THAT(text(), HasSubstr("the-end"));
  snapshot.task.reset();
  model.take(snapshot);
  EXPECT_THAT(text(), HasSubstr("the task is gone"));
}

TEST_F(Dash, ResizingReadsPagesOfTheNewSize) {
  open_mail({task("t1")}, "next");
  press(U"n");
  model.resize(80, 50);
  EXPECT_EQ(model.query().rows, 44u);
  EXPECT_EQ(model.query().cursor, "") << "pages of another size begin elsewhere";
}

}  // namespace
}  // namespace windlass::app::dash
