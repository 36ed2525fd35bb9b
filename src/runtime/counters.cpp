#include "runtime/counters.hpp"

#include <string>

namespace windlass::runtime {
namespace {

Counter& finished(Metrics& metrics, std::string outcome) {
  return metrics.counter("windlass_tasks_finished_total", "Tasks whose outcome was written, by what became of them.",
                         {{"outcome", std::move(outcome)}});
}

}  // namespace

Counters::Counters(MetricsPtr m)
    : metrics(std::move(m)),
      fetched(metrics->counter("windlass_tasks_fetched_total", "Tasks taken from the store.")),
      done(finished(*metrics, "done")),
      completed(finished(*metrics, "completed")),
      retried(finished(*metrics, "retried")),
      archived(finished(*metrics, "archived")),
      snoozed(finished(*metrics, "snoozed")),
      expired(finished(*metrics, "expired")),
      given_back(finished(*metrics, "given_back")),
      lease_lost(metrics->counter("windlass_leases_lost_total", "Tasks that somebody else owned when this server wanted to finish or keep them.")),
      finish_failures(metrics->counter("windlass_finish_failures_total", "Calls to write outcomes that failed and were made again.")),
      finishes_dropped(metrics->counter("windlass_finishes_dropped_total", "Outcomes that could not be written: their tasks run again.")),
      recovered(metrics->counter("windlass_tasks_recovered_total", "Tasks of dead servers that this one put back.")),
      overruns(metrics->counter("windlass_task_overruns_total", "Runs that went on for a second after they were told to stop.")),
      cancelled(metrics->counter("windlass_task_cancellations_total", "Runs that were told to stop by a cancel request.")) {}

}  // namespace windlass::runtime
