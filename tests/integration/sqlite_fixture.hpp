// A folder for a database, brokers on it, child processes, and short words for tasks.
#pragma once

#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "broker/sqlite/sqlite_broker.hpp"
#include "core/ids.hpp"
#include "support/get.hpp"

namespace windlass::testing {

using namespace windlass::broker;
using namespace std::chrono_literals;

class SqliteBrokerTest : public ::testing::Test {
 protected:
  SqliteBrokerTest() {
    std::string folder = (std::filesystem::temp_directory_path() / "windlass-sqlite-XXXXXX").string();
    if (mkdtemp(folder.data()) == nullptr) throw std::runtime_error("no temporary folder");
    folder_ = folder;
    options_.path = path("tasks.db");
  }
  ~SqliteBrokerTest() override { std::filesystem::remove_all(folder_); }

  std::string path(const std::string& name) const { return (folder_ / name).string(); }

  std::shared_ptr<Broker> open() const { return get(open_sqlite_broker(options_, base::real_clock())); }
  // Code and text of the error that opening must give.
  Error open_error() const {
    const auto opened = open_sqlite_broker(options_, base::real_clock());
    return opened ? Error(ErrorCode::kInternal, "it was opened") : opened.error();
  }

  static NewTask task(const std::string& id, std::size_t payload_bytes = 10) {
    NewTask made;
    made.message.id = id;
    made.message.queue = "q";
    made.message.type = "t";
    made.message.payload = Payload(std::string(payload_bytes, 'x'));
    return made;
  }
  static void put(Broker& broker, const std::string& id) {
    const NewTask made = task(id);
    EXPECT_EQ(get(broker.enqueue({&made, 1})).at(0).status, EnqueueStatus::kEnqueued);
  }
  static std::vector<FetchedTask> fetch(Broker& broker, std::size_t max = 10, const std::string& owner = "server") {
    return get(broker.fetch({{{"q", max}}, max, owner, 30s}));
  }
  static bool exists(Broker& broker, const std::string& id) { return broker.task({"q", id}).ok(); }
  static std::uint64_t size(Broker& broker) {
    const auto info = broker.queue_info("q");
    return info ? info->size : 0;
  }
  // Every counter is the number of tasks that are really there.
  static void expect_true_counters(Broker& broker) {
    const QueueInfo info = get(broker.queue_info("q"));
    const std::pair<TaskState, std::uint64_t> counters[] = {
        {TaskState::kActive, info.active},     {TaskState::kPending, info.pending},   {TaskState::kScheduled, info.scheduled},
        {TaskState::kRetry, info.retry},       {TaskState::kArchived, info.archived}, {TaskState::kCompleted, info.completed},
        {TaskState::kAggregating, info.aggregating}};
    for (const auto& [state, count] : counters) EXPECT_EQ(count_listed(broker, state), count) << task_state_name(state);
  }
  static std::uint64_t count_listed(Broker& broker, TaskState state) {
    std::uint64_t n = 0;
    ListRequest request;
    request.filter = {.queue = "q", .state = state};
    request.limit = 1000;
    do {
      const TaskPage page = get(broker.list(request));
      n += page.tasks.size();
      request.cursor = page.next;
    } while (!request.cursor.empty());
    return n;
  }

  std::filesystem::path folder_;
  DatabaseOptions options_;
};

// Runs `body` in a child process, which ends with its value, or with 99 if it throws. No broker may be open.
inline pid_t spawn(const std::function<int()>& body) {
  const pid_t pid = fork();
  if (pid < 0) throw std::runtime_error("cannot fork");
  if (pid > 0) return pid;
  int code = 99;
  try {
    code = body();
  } catch (const std::exception& error) {
    std::fprintf(stderr, "child: %s\n", error.what());
  }
  _exit(code);
}

// Its exit code, or minus the signal that ended it.
inline int wait_for(pid_t pid) {
  int status = 0;
  while (waitpid(pid, &status, 0) < 0) {
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

}  // namespace windlass::testing
