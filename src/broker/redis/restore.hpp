// Transfer, over a Store (as operations.hpp).
#pragma once

#include <span>
#include <vector>

#include "broker/redis/store.hpp"
#include "broker/transfer.hpp"

namespace windlass::broker {

Result<std::vector<EnqueueOutcome>> restore_tasks(Store& store, std::span<const StoredTask> tasks);
Result<std::vector<Duration>> read_unique_left(Store& store, std::span<const TaskInfo> tasks);

Status restore_counts(Store& store, const QueueCounts& counts);
Result<std::vector<TickRecord>> read_ticks(Store& store);
Status restore_ticks(Store& store, std::span<const TickRecord> records);

}  // namespace windlass::broker
