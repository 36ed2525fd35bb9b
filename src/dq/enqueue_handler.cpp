#include <utility>

#include <windlass/dq.hpp>

namespace windlass::dq {

Handler enqueue_handler(Client& client, std::string type, EnqueueOptions options, Duration remember) {
  return [&client, type = std::move(type), options = std::move(options), remember](Context& ctx) -> Outcome {
    EnqueueOptions these = options;
    these.task_id(ctx.task_id()).unique(remember, ctx.task_id());
    const Result<TaskInfo> task = client.enqueue(Task(type, ctx.payload()), these);
    if (task) return Outcome::done();
    switch (task.error().code()) {
      // It was handed over before.
      case ErrorCode::kDuplicateTask:
      case ErrorCode::kTaskIdConflict:
      // It is there, if not as safe as was asked.
      case ErrorCode::kNotDurable: return Outcome::done();
      case ErrorCode::kInvalidArgument: return SkipRetry(task.error().message());
      default: return Outcome::fail(task.error().message());
    }
  };
}

}  // namespace windlass::dq
