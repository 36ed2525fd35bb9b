// Walking the tasks of one state in the order in which people see them, page by page.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "broker/broker.hpp"
#include "broker/sqlite/session.hpp"
#include "broker/sqlite/task_row.hpp"

namespace windlass::broker {

// A cursor names the last task of a page by its place, and the listing it belongs to by a hash.
struct ListPlace {
  std::int64_t ord = 0;
  std::int64_t seq = 0;
};
struct SqlListing {
  TaskFilter filter;
  std::optional<ListPlace> after;   // nothing: from the start
  std::uint64_t id = 0;             // what cursors of this listing are marked with
};

// Errors: kInvalidArgument (a cursor of another listing; a group for a state that has none). `purpose` keeps the cursors of
// different verbs apart.
Result<SqlListing> open_sql_listing(const TaskFilter& filter, const std::string& cursor, std::string_view purpose);
std::string cursor_behind(const SqlListing& listing, const TaskRow& last);

// The next tasks, at most `max`, in order. REQUIRES: the listing's queue is `queue`.
std::vector<TaskRow> next_tasks(Session& session, const QueueRow& queue, const SqlListing& listing, std::size_t max);

}  // namespace windlass::broker
