// What the store says of its queues, servers and schedulers, as metrics.
#include <windlass/metrics_endpoint.hpp>

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include <windlass/info.hpp>
#include <windlass/log.hpp>

#include "broker/broker.hpp"

namespace windlass {
namespace {

double seconds(Duration d) { return std::chrono::duration<double>(d).count(); }

std::array<std::pair<TaskState, std::uint64_t>, kTaskStateCount> sizes(const QueueInfo& q) {
  return {{{TaskState::kActive, q.active},
           {TaskState::kPending, q.pending},
           {TaskState::kScheduled, q.scheduled},
           {TaskState::kRetry, q.retry},
           {TaskState::kArchived, q.archived},
           {TaskState::kCompleted, q.completed},
           {TaskState::kAggregating, q.aggregating}}};
}

void add_queue(MetricSamples& samples, const QueueInfo& q) {
  const MetricLabels queue{{"queue", q.queue}};
  for (const auto& [state, n] : sizes(q)) {
    samples.gauge("windlass_queue_tasks", "Tasks in a queue, by state.",
                  {{"queue", q.queue}, {"state", std::string(task_state_name(state))}}, static_cast<double>(n));
  }
  samples.gauge("windlass_queue_latency_seconds", "Age of the pending task of a queue that is next to run.", queue, seconds(q.latency));
  samples.gauge("windlass_queue_groups", "Groups of a queue with waiting tasks.", queue, static_cast<double>(q.groups));
  samples.gauge("windlass_queue_memory_bytes", "Estimate of what a queue takes in the store.", queue, static_cast<double>(q.memory_bytes));
  samples.gauge("windlass_queue_paused", "1 for a queue that is paused, else 0.", queue, q.paused ? 1 : 0);
  samples.counter("windlass_queue_processed_total", "Runs of tasks of a queue that ended, failed or not.", queue, static_cast<double>(q.processed_total));
  samples.counter("windlass_queue_failed_total", "Runs of tasks of a queue that failed.", queue, static_cast<double>(q.failed_total));
  samples.counter("windlass_queue_expired_total", "Tasks of a queue that did not start in time.", queue, static_cast<double>(q.expired_total));
}

// Names, types and help texts as Asynq has them, odd ones too: a gauge that ends in _total, no state "aggregating".
void add_asynq_queue(MetricSamples& samples, const QueueInfo& q) {
  const MetricLabels queue{{"queue", q.queue}};
  for (const auto& [state, n] : sizes(q)) {
    if (state == TaskState::kAggregating) continue;
    samples.gauge("asynq_tasks_enqueued_total", "Number of tasks enqueued; broken down by queue and state.",
                  {{"queue", q.queue}, {"state", std::string(task_state_name(state))}}, static_cast<double>(n));
  }
  samples.gauge("asynq_queue_size", "Number of tasks in a queue", queue, static_cast<double>(q.size));
  samples.gauge("asynq_queue_latency_seconds", "Number of seconds the oldest pending task is waiting in pending state to be processed.",
                queue, seconds(q.latency));
  samples.gauge("asynq_queue_memory_usage_approx_bytes", "Number of memory used by a given queue (approximated number by sampling).", queue,
                static_cast<double>(q.memory_bytes));
  samples.counter("asynq_tasks_processed_total", "Number of tasks processed (both succeeded and failed); broken down by queue", queue,
                  static_cast<double>(q.processed_total));
  samples.counter("asynq_tasks_failed_total", "Number of tasks failed; broken down by queue", queue, static_cast<double>(q.failed_total));
  samples.gauge("asynq_queue_paused_total", "Number of queues paused", queue, q.paused ? 1 : 0);
}

// All that is asked of the store, before anything is said.
struct Survey {
  std::size_t queue_count = 0;
  std::vector<QueueInfo> queues;
  std::vector<ServerInfo> servers;
  std::size_t entries = 0;
};

Result<Survey> ask(broker::Broker& broker) {
  Survey survey;
  const auto names = broker.queues();
  if (!names) return names.error();
  survey.queue_count = names->size();
  for (std::size_t i = 0; i < std::min(names->size(), Metrics::kSeriesMax); ++i) {
    auto info = broker.queue_info((*names)[i]);
    if (!info && info.error().code() == ErrorCode::kQueueNotFound) continue;  // removed since
    if (!info) return info.error();
    survey.queues.push_back(*std::move(info));
  }
  auto servers = broker.servers();
  if (!servers) return servers.error();
  survey.servers = *std::move(servers);
  const auto entries = broker.scheduler_entries();
  if (!entries) return entries.error();
  survey.entries = entries->size();
  return survey;
}

void add_fleet(MetricSamples& samples, const Survey& survey) {
  std::size_t slots = 0;
  std::size_t busy = 0;
  std::size_t overruns = 0;
  for (const ServerInfo& server : survey.servers) {
    slots += static_cast<std::size_t>(server.concurrency);
    busy += server.workers.size();
    overruns += static_cast<std::size_t>(std::ranges::count_if(server.workers, [](const WorkerInfo& worker) { return worker.overrun; }));
  }
  const auto gauge = [&](std::string_view name, std::string_view help, std::size_t value) {
    samples.gauge(name, help, {}, static_cast<double>(value));
  };
  gauge("windlass_queues", "Queues of the store.", survey.queue_count);
  gauge("windlass_servers", "Servers that are alive.", survey.servers.size());
  gauge("windlass_server_slots", "Tasks that all servers may run at once.", slots);
  gauge("windlass_server_slots_busy", "Tasks that all servers run.", busy);
  gauge("windlass_server_slots_overrun", "Runs on all servers that went on after they were told to stop.", overruns);
  gauge("windlass_scheduler_entries", "Periodic entries of all schedulers that are alive.", survey.entries);
}

}  // namespace

Metrics::Collector queue_collector(BrokerPtr broker, QueueMetricNames names) {
  return [broker = std::move(broker), names](MetricSamples& samples) {
    const auto survey = ask(*broker);
    samples.gauge("windlass_broker_up", "1 while the broker can be asked, else 0.", {}, survey ? 1 : 0);
    if (!survey) {
      log_warn("metrics of queues could not be read", {{"error", survey.error().message()}});
      return;
    }
    if (names != QueueMetricNames::kAsynq) {
      add_fleet(samples, *survey);
      for (const QueueInfo& queue : survey->queues) add_queue(samples, queue);
    }
    if (names == QueueMetricNames::kWindlass) return;
    for (const QueueInfo& queue : survey->queues) add_asynq_queue(samples, queue);
  };
}

}  // namespace windlass
