#include "runtime/recoverer.hpp"

#include <utility>

#include <windlass/log.hpp>

namespace windlass::runtime {
namespace {

void log_recovered(const broker::RecoveredTask& task) {
  std::vector<LogField> fields{{"task", task.task.id},
                               {"queue", task.task.queue},
                               {"server", task.owner},
                               {"crashes", std::to_string(task.crashes)}};
  if (task.archived) {
    log_error("task archived: its servers died too often while it ran", std::move(fields));
  } else {
    log_warn("task of a dead server recovered", std::move(fields));
  }
}

}  // namespace

Recoverer::Recoverer(broker::Broker& broker, std::vector<std::string> queues, int crash_limit, Trouble trouble,
                     Counters& counters)
    : broker_(broker),
      request_{.queues = std::move(queues), .crash_limit = crash_limit},
      trouble_(std::move(trouble)),
      counters_(counters) {}

TimePoint Recoverer::step(TimePoint now) {
  const auto recovered = broker_.recover(request_);
  if (!recovered) return now + trouble_.failed(recovered.error());
  trouble_.ended();
  for (const broker::RecoveredTask& task : *recovered) log_recovered(task);
  counters_.recovered.add(recovered->size());
  return recovered->size() >= request_.max ? now : now + kEvery;
}

}  // namespace windlass::runtime
