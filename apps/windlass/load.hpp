// The load program behind `windlass bench`: what a broker does under load, measured through the public API.
//
// Each figure has phases of its own on queues of its own (named windlass-bench-<id>-*), which are removed at the end, so it
// can be run against a store that is in use. What it does not do: compare with others (bench/ does that).
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <windlass/broker.hpp>
#include <windlass/codec.hpp>
#include <windlass/error.hpp>

namespace windlass::app {

class Producer;

// What can be chosen in LoadOptions::only.
inline const std::vector<std::string> kLoadPhases = {"idle", "pickup", "delayed", "enqueue", "process", "both"};

struct LoadOptions {
  std::size_t tasks = 200000;     // of the phases that process; enqueue phases take what they get done in `phase`
  std::size_t payload = 100;      // bytes
  int concurrency = 10;
  double phase_seconds = 3;       // length of each enqueue phase
  std::size_t backlog = 0;        // > 0: also measure with so many tasks waiting
  std::size_t due_at_once = 0;    // > 0: also measure how so many delayed tasks are moved that come due at one moment
  std::vector<std::string> only;  // of kLoadPhases; empty = all. `backlog` and `due_at_once` are not bound by it
  // Command that enqueues as the other process does, called with a queue and a count: a client in another language, say. Its
  // payloads are as those of trickle() (load_producer.hpp). Empty = a process of our own.
  std::string producer;
};

struct Quantiles {
  double p50 = 0, p99 = 0, min = 0, max = 0;
};
WINDLASS_FIELDS(Quantiles, p50, p99, min, max)

// Rates are tasks a second, latencies milliseconds, memory MiB.
struct LoadFigures {
  double enqueue_single_per_s = 0;   // one caller that waits for each
  // Appends of 200 bytes, each with fdatasync, next to the broker's file. In turns with the figure above, because disks
  // waver from one second to the next.
  std::optional<double> disk_syncs_per_s;
  double enqueue_64_per_s = 0;       // 64 threads, each the same
  double enqueue_batch_per_s = 0;    // one caller, batches of 100
  double process_per_s = 0;          // a full queue, a server with a handler that does nothing
  double life_cycle_per_s = 0;       // enqueued in batches of 100 and processed at the same time
  Quantiles pickup_ms;               // call of enqueue -> start of the handler, idle queue, 100 a second
  std::optional<Quantiles> pickup_other_process_ms;  // the same, enqueued by another process
  Quantiles delayed_late_ms;         // due time -> start of the handler
  double cpu_us_per_task = 0;        // of this process, while it processed the full queue
  double idle_server_mib = 0;        // resident, of this process, before the first phase, with a server running
  std::optional<double> backlog_enqueue_batch_per_s;
  std::optional<double> backlog_process_per_s;
  std::optional<double> due_moved_per_s;      // from the moment at which all are due until the last is pending
  std::optional<double> due_processed_per_s;  // what the server processed of them meanwhile
};
WINDLASS_FIELDS(LoadFigures, enqueue_single_per_s, disk_syncs_per_s, enqueue_64_per_s, enqueue_batch_per_s, process_per_s, life_cycle_per_s,
                pickup_ms, pickup_other_process_ms, delayed_late_ms, cpu_us_per_task, idle_server_mib,
                backlog_enqueue_batch_per_s, backlog_process_per_s, due_moved_per_s, due_processed_per_s)

// Runs the phases that were asked for (the figures of others stay 0 or empty); `report` is told the name of each when it begins. `producer`: a process on the same store; null for a
// store that no other process can reach.
// Errors: the first that a call of the API returned, with the phase in front.
Result<LoadFigures> run_load(const BrokerPtr& broker, Producer* producer, const LoadOptions& options,
                             const std::function<void(std::string_view phase)>& report);

// Processor, cores, memory and kernel of this machine, in one line.
std::string describe_machine();

}  // namespace windlass::app
