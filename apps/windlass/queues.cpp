#include "queues.hpp"

namespace windlass::app {

Result<std::vector<QueueInfo>> read_queues(const Inspector& inspector) {
  const auto names = inspector.queues();
  if (!names) return names.error();
  std::vector<QueueInfo> queues;
  for (const std::string& name : *names) {
    Result<QueueInfo> queue = inspector.queue(name);
    if (queue) queues.push_back(*std::move(queue));
    else if (queue.error().code() != ErrorCode::kQueueNotFound) return queue.error();
  }
  return queues;
}

Table queue_table(const std::vector<QueueInfo>& queues) {
  Table table({"QUEUE", "STATE", ">SIZE", ">PENDING", ">ACTIVE", ">SCHEDULED", ">RETRY", ">ARCHIVED", ">COMPLETED",
               ">AGGREGATING", ">LATENCY", ">PROCESSED", ">FAILED"});
  for (const QueueInfo& q : queues) {
    std::vector<std::string> row{q.queue, q.paused ? "paused" : "running"};
    for (const std::uint64_t n : {q.size, q.pending, q.active, q.scheduled, q.retry, q.archived, q.completed, q.aggregating}) {
      row.push_back(std::to_string(n));
    }
    row.push_back(q.pending > 0 ? short_duration(q.latency) : "-");
    row.push_back(std::to_string(q.processed));
    row.push_back(std::to_string(q.failed));
    table.add(std::move(row));
  }
  return table;
}

}  // namespace windlass::app
