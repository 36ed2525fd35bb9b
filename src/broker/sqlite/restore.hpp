// Transfer, inside a transaction (as operations.hpp).
#pragma once

#include <span>
#include <vector>

#include "broker/sqlite/session.hpp"
#include "broker/transfer.hpp"

namespace windlass::broker {

std::vector<EnqueueOutcome> restore_tasks(Session& session, std::span<const NewTask> fresh, std::span<const StoredTask> tasks);
std::vector<Duration> read_unique_left(Session& session, std::span<const TaskInfo> tasks);

void restore_counts(Session& session, const QueueCounts& counts);
std::vector<TickRecord> read_ticks(Session& session);
void restore_ticks(Session& session, std::span<const TickRecord> records);

}  // namespace windlass::broker
