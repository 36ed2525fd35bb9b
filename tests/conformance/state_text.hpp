// Text of everything that a broker answers, so that two brokers can be compared and a difference can be read. Left out
// is what may differ: tokens, ids of aggregation sets, cursors, texts of errors, memory estimates.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "broker/broker.hpp"

namespace windlass::conformance {

std::string to_text(const core::TaskMessage& message);
std::string to_text(const TaskInfo& task);
std::string to_text(const broker::EnqueueOutcome& outcome);
std::string to_text(const broker::FetchedTask& task);
std::string to_text(const broker::RecoveredTask& task);
std::string to_text(const broker::ForwardResult& result);
std::string to_text(const broker::CleanResult& result);
std::string to_text(const std::optional<broker::AggregationSet>& set);
std::string to_text(broker::FinishOutcome outcome);
std::string to_text(broker::ActionOutcome outcome);
std::string to_text(bool value);
inline std::string to_text(std::size_t number) { return std::to_string(number); }

std::string error_text(const Error& error);
std::string to_text(const Status& status);

template <class T>
std::string to_text(const std::vector<T>& values) {
  std::string text = "[";
  for (std::size_t i = 0; i < values.size(); ++i) text += (i == 0 ? "" : ", ") + to_text(static_cast<T>(values[i]));
  return text + "]";
}

template <class T>
std::string to_text(const Result<T>& result) {
  return result.ok() ? to_text(*result) : error_text(result.error());
}

// The tasks of a queue in one state, in order, read in pages of `page` tasks.
std::vector<TaskInfo> read_all(broker::Broker& broker, const broker::TaskFilter& filter, std::size_t page);

// All that can be seen of all queues and of `entries`, one thing a line.
std::string observe(broker::Broker& broker, const std::vector<std::string>& entries, std::size_t page);

}  // namespace windlass::conformance
