#include "broker/sqlite/listing.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cinttypes>
#include <cstdio>
#include <limits>

#include "broker/listing_id.hpp"
#include "broker/sqlite/row_codec.hpp"

namespace windlass::broker {

namespace {

constexpr std::size_t kDigits = 16;
constexpr std::string_view kAfterAllUuids = "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff";

bool latest_first(TaskState state) { return state == TaskState::kArchived || state == TaskState::kCompleted; }

std::optional<std::uint64_t> parse_hex(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, 16);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

Result<ListPlace> parse_cursor(std::string_view text, std::uint64_t listing) {
  if (text.size() == 3 * kDigits) {
    const auto id = parse_hex(text.substr(0, kDigits));
    const auto ord = parse_hex(text.substr(kDigits, kDigits));
    const auto seq = parse_hex(text.substr(2 * kDigits));
    if (id && ord && seq && *id == listing) return ListPlace{static_cast<std::int64_t>(*ord), static_cast<std::int64_t>(*seq)};
  }
  return Error(ErrorCode::kInvalidArgument, "the cursor does not belong to this listing; start without one");
}

// Where a listing begins that has no cursor: before the first place there can be.
ListPlace start_place(bool backwards) {
  using Limits = std::numeric_limits<std::int64_t>;
  return backwards ? ListPlace{Limits::max(), Limits::max()} : ListPlace{Limits::min(), Limits::min()};
}

std::optional<std::int64_t> find_group(Session& session, const QueueRow& queue, const std::string& name) {
  auto row = session.run(Sql::kGroupFind, queue.id, name);
  if (!row.next()) return std::nullopt;
  return row.integer(0);
}

// What the filter means in rows.
struct RowFilter {
  std::optional<std::int64_t> type;
  std::optional<std::int64_t> group;
};

// Nothing if no task can match.
std::optional<RowFilter> resolve(Session& session, const QueueRow& queue, const TaskFilter& filter) {
  RowFilter rows;
  if (!filter.type.empty() && !(rows.type = session.find_type(filter.type))) return std::nullopt;
  if (!filter.group.empty() && !(rows.group = find_group(session, queue, filter.group))) return std::nullopt;
  return rows;
}

void collect_ids(Session& session, const sqlite::Value& from, const sqlite::Value& to, const QueueRow& queue, TaskState state,
                 const RowFilter& rows, std::vector<TaskRow>& found) {
  std::vector<TaskRow> more =
      read_tasks(session.run(Sql::kListById, from, to, queue.id, static_cast<int>(state), rows.type, rows.group));
  std::ranges::move(more, std::back_inserter(found));
}

// All tasks whose id has the prefix, in order; few, as prefixes go.
std::vector<TaskRow> tasks_by_prefix(Session& session, const QueueRow& queue, const TaskFilter& filter, const RowFilter& rows) {
  const IdPrefixRange range = id_prefix_range(filter.id_prefix);
  std::vector<TaskRow> found;
  // Texts sort before blobs: an open end of the texts is the beginning of the blobs.
  const sqlite::Value text_end =
      range.text_to.empty() ? sqlite::Value(sqlite::Blob{std::string_view()}) : sqlite::Value(range.text_to);
  collect_ids(session, range.text_from, text_end, queue, filter.state, rows, found);
  if (!range.uuid_from.empty()) {
    const sqlite::Blob uuid_end{range.uuid_to.empty() ? kAfterAllUuids : std::string_view(range.uuid_to)};
    collect_ids(session, sqlite::Blob{range.uuid_from}, uuid_end, queue, filter.state, rows, found);
  }
  std::ranges::sort(found, {}, [](const TaskRow& task) { return std::pair(task.ord, task.seq); });
  if (latest_first(filter.state)) std::ranges::reverse(found);
  return found;
}

void keep_page(std::vector<TaskRow>& tasks, const ListPlace& after, bool backwards, std::size_t max) {
  const std::pair place(after.ord, after.seq);
  std::erase_if(tasks, [&](const TaskRow& task) {
    const std::pair at(task.ord, task.seq);
    return backwards ? at >= place : at <= place;
  });
  if (tasks.size() > max) tasks.resize(max);
}

}  // namespace

Result<SqlListing> open_sql_listing(const TaskFilter& filter, const std::string& cursor, std::string_view purpose) {
  if (!filter.group.empty() && filter.state != TaskState::kAggregating) {
    return Error(ErrorCode::kInvalidArgument, "only aggregating tasks can be chosen by group");
  }
  SqlListing listing{filter, {}, listing_id(filter, purpose)};
  if (cursor.empty()) return listing;
  const Result<ListPlace> place = parse_cursor(cursor, listing.id);
  if (!place) return place.error();
  listing.after = *place;
  return listing;
}

std::string cursor_behind(const SqlListing& listing, const TaskRow& last) {
  std::array<char, 3 * kDigits + 1> text{};
  std::snprintf(text.data(), text.size(), "%016" PRIx64 "%016" PRIx64 "%016" PRIx64, listing.id,
                static_cast<std::uint64_t>(last.ord), static_cast<std::uint64_t>(last.seq));
  return {text.data(), 3 * kDigits};
}

std::vector<TaskRow> next_tasks(Session& session, const QueueRow& queue, const SqlListing& listing, std::size_t max) {
  const TaskFilter& filter = listing.filter;
  const std::optional<RowFilter> rows = resolve(session, queue, filter);
  if (!rows) return {};
  const bool backwards = latest_first(filter.state);
  const ListPlace after = listing.after.value_or(start_place(backwards));
  if (!filter.id_prefix.empty()) {
    std::vector<TaskRow> tasks = tasks_by_prefix(session, queue, filter, *rows);
    if (listing.after) keep_page(tasks, after, backwards, max);
    if (tasks.size() > max) tasks.resize(max);
    return tasks;
  }
  const auto limit = static_cast<std::int64_t>(max);
  if (rows->group) return read_tasks(session.run(Sql::kListGroup, *rows->group, after.ord, after.seq, rows->type, limit));
  return read_tasks(session.run(backwards ? Sql::kListDown : Sql::kListUp, queue.id, static_cast<int>(filter.state), after.ord,
                                after.seq, rows->type, limit));
}

}  // namespace windlass::broker
