// What Prometheus' own clients say of the process they are in: CPU time, memory, open files, start time.
#pragma once

#include <windlass/metrics.hpp>

namespace windlass::metrics {

// A collector for Metrics::add_collector(): process_cpu_seconds_total, process_resident_memory_bytes, process_virtual_memory_bytes,
// process_open_fds, process_max_fds, process_start_time_seconds.
void collect_process(MetricSamples& samples);

}  // namespace windlass::metrics
