// How values stand in rows: ids, times, headers and small records.
//
// Persisted formats: change them only with a migration (schema.hpp).
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include <windlass/task.hpp>
#include <windlass/time.hpp>

#include "sqlite/connection.hpp"

namespace windlass::broker {

// Nanoseconds since the unix epoch. 0 and NULL are kNoTime.
inline std::int64_t to_ns(TimePoint t) { return t.time_since_epoch().count(); }
inline TimePoint from_ns(std::int64_t ns) { return TimePoint(Duration(ns)); }
// NULL for kNoTime and for lengths of zero, which cost a row one byte instead of nine.
inline std::optional<std::int64_t> null_if_zero(std::int64_t ns) {
  return ns == 0 ? std::nullopt : std::optional<std::int64_t>(ns);
}

// Days since the unix epoch (UTC) of a time.
std::int64_t day_of(TimePoint t);

// An id as stored: a canonical lower-case UUID as its 16 bytes, any other text as it is.
class StoredId {
 public:
  explicit StoredId(std::string_view id);
  sqlite::Value value() const;

 private:
  std::string_view text_;
  char packed_[16];
  bool is_uuid_;
};
std::string read_id(const sqlite::Cursor& row, int column);

// The ids that begin with `prefix`, as two half-open ranges: of texts, and of packed UUIDs.
struct IdPrefixRange {
  std::string text_from, text_to;    // text_to empty: no upper end
  std::string uuid_from, uuid_to;    // both empty: no UUID begins so. uuid_to empty alone: no upper end
};
IdPrefixRange id_prefix_range(std::string_view prefix);

// A record: numbers as LEB128 (signed ones zig-zag), texts as length and bytes, one after the other.
class RecordWriter {
 public:
  RecordWriter& number(std::int64_t n);
  RecordWriter& text(std::string_view bytes);
  std::string take() { return std::move(bytes_); }

 private:
  std::string bytes_;
};

// Reads what RecordWriter wrote. After damaged bytes ok() is false and everything reads as zero and empty.
class RecordReader {
 public:
  explicit RecordReader(std::string_view bytes) : rest_(bytes) {}
  std::int64_t number();
  std::string text();
  bool at_end() const { return rest_.empty(); }
  bool ok() const { return ok_; }

 private:
  std::string_view rest_;
  bool ok_ = true;
};

std::string encode_headers(const Headers& headers);
Headers decode_headers(std::string_view bytes);

}  // namespace windlass::broker
