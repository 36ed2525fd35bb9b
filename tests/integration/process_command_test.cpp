// Commands as handlers of a server: the same rules as for handler processes.
#include <signal.h>

#include "exec/command_handler.hpp"
#include "process_fixture.hpp"

namespace windlass::testing {
namespace {

class CommandTest : public ProcessTest {
 protected:
  void start(const std::string& script) {
    Mux mux;
    exec::CommandHandlerSpec spec;
    spec.argv = {"sh", "-c", script};
    exec::handle_command(mux, "t", std::move(spec));
    server = std::make_unique<Server>(broker, config);
    get(server->start(mux));
  }
};

TEST_F(CommandTest, ACommandThatASignalEndedThreeTimesIsPoison) {
  start("kill -SEGV $$");
  const TaskInfo info = run("t", {}, EnqueueOptions().max_retry(25));
  EXPECT_EQ(info.state, TaskState::kArchived);
  EXPECT_EQ(info.crashes, 3);
  EXPECT_EQ(info.retried, 2);
  EXPECT_EQ(info.failure.kind, FailureKind::kCrashed);
  EXPECT_EQ(info.failure.signal, SIGSEGV);
}

TEST_F(CommandTest, ExitCodesAreNoCrashes) {
  start("exit 3");
  const TaskInfo info = run("t", {}, EnqueueOptions().max_retry(4));
  EXPECT_EQ(info.retried, 4);
  EXPECT_EQ(info.crashes, 0);
  EXPECT_EQ(info.failure.kind, FailureKind::kExitCode);
}

// Its grace would go on for seconds: nothing of it may run when somebody else may take the task.
TEST_F(CommandTest, AStoppingServerDoesNotWaitForTheGraceOfATimeout) {
  config.shutdown_timeout = 0s;
  const std::string mark = dir.file("mark");
  start("trap 'echo $$ >" + mark + ".part; mv " + mark + ".part " + mark + "' TERM; while :; do sleep 0.01; done");
  const std::string id = enqueue("t", {}, EnqueueOptions().max_retry(0).timeout(3s));
  const pid_t command = marked_pid(mark);
  server->stop();
  EXPECT_FALSE(process_lives(command));
  EXPECT_EQ(task(id).state, TaskState::kArchived);
  EXPECT_EQ(task(id).failure.kind, FailureKind::kTimeout);
}

TEST_F(CommandTest, AStoppingServerGivesItsTasksBackOnceTheirCommandsAreGone) {
  config.shutdown_timeout = 0s;
  const std::string mark = dir.file("mark");
  start("trap '' TERM; echo $$ >" + mark + ".part; mv " + mark + ".part " + mark + "; while :; do sleep 600; done");
  const std::string id = enqueue("t", {}, EnqueueOptions().max_retry(0));
  const pid_t command = marked_pid(mark);
  server->stop();
  EXPECT_FALSE(process_lives(command));
  EXPECT_EQ(task(id).state, TaskState::kPending);
}

}  // namespace
}  // namespace windlass::testing
