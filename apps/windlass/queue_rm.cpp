#include "queue_rm.hpp"

#include <algorithm>
#include <memory>

#include <CLI/CLI.hpp>

#include <windlass/inspector.hpp>

#include "confirm.hpp"
#include "output.hpp"

namespace windlass::app {
namespace {

struct RemoveArgs {
  std::vector<std::string> queues;
  bool force = false;
  bool yes = false;
  bool dry_run = false;
};

// What was reported of queues so far: the first error decides the exit code, and the others are gone on with.
class Ends {
 public:
  explicit Ends(const Session& session) : session_(session) {}

  void failed(const Error& error) {
    const int code = session_.report(error);
    if (code_ == kOk) code_ = code;
  }
  int code() const { return code_; }

 private:
  const Session& session_;
  int code_ = kOk;
};

Status remove_one(const Inspector& inspector, const std::string& queue, bool force) {
  const Status removed = inspector.remove_queue(queue, force);
  if (removed || removed.error().code() != ErrorCode::kQueueNotEmpty || force) return removed;
  return Error(removed.error().code(), removed.error().message() + "; --force removes it with its tasks");
}

int show_plan(const Session& session, const std::vector<QueueInfo>& queues, std::uint64_t tasks) {
  if (session.json) {
    (void)Session::print(codec::Value::Object{{"matching", tasks}, {"dry_run", true}});
    return kOk;
  }
  for (const QueueInfo& queue : queues) {
    put("queue " + printable(queue.queue) + " with " + std::to_string(queue.size) + " tasks would be removed\n");
  }
  return kOk;
}

std::string question_of(const std::vector<QueueInfo>& queues, std::uint64_t tasks) {
  std::string names;
  for (const QueueInfo& queue : queues) names += (names.empty() ? "'" : ", '") + queue.queue + "'";
  return "Remove " + names + " with all tasks (" + std::to_string(tasks) + ")?";
}

Result<int> remove(const Session& session, const RemoveArgs& args) {
  const Result<BrokerPtr> broker = session.open();
  if (!broker) return broker.error();
  const Inspector inspector(*broker);
  Ends ends(session);
  std::vector<QueueInfo> queues;
  std::uint64_t tasks = 0;
  for (const std::string& name : args.queues) {
    Result<QueueInfo> queue = inspector.queue(name);
    if (!queue) {
      ends.failed(queue.error());
      continue;
    }
    tasks += queue->size;
    queues.push_back(*std::move(queue));
  }
  if (args.dry_run) return std::max<int>(ends.code(), show_plan(session, queues, tasks));
  if (args.force && tasks > 0) {
    const Result<bool> wanted = confirmed(question_of(queues, tasks), args.yes);
    if (!wanted) return wanted.error();
    if (!*wanted) return kFailed;
  }
  codec::Value::Array done;
  for (const QueueInfo& queue : queues) {
    if (const Status removed = remove_one(inspector, queue.queue, args.force); !removed) {
      ends.failed(removed.error());
      continue;
    }
    done.push_back(queue.queue);
    if (!session.json) put("queue " + printable(queue.queue) + ": removed\n");
  }
  if (session.json) (void)Session::print(codec::Value::Object{{"done", done}});
  return ends.code();
}

}  // namespace

void add_queue_rm(CLI::App& queue, Session& session) {
  CLI::App* command = queue.add_subcommand("rm", "Remove empty queues, or with --force those with tasks");
  auto args = std::make_shared<RemoveArgs>();
  command->add_option("QUEUE", args->queues, "names of queues")->required();
  command->add_flag("--force,-f", args->force, "also with tasks in it (but none running); asks first");
  command->add_flag("--dry-run", args->dry_run, "only say what would be removed");
  command->add_flag("--yes,-y", args->yes, "do not ask; with --force needed where there is no terminal to ask at");
  command->callback([&session, args] { session.run = [&session, args] { return remove(session, *args); }; });
}

}  // namespace windlass::app
