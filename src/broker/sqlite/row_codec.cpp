#include "broker/sqlite/row_codec.hpp"

#include <algorithm>

namespace windlass::broker {

namespace {

constexpr std::size_t kUuidText = 36;

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return -1;
}

bool is_dash_place(std::size_t i) { return i == 8 || i == 13 || i == 18 || i == 23; }

// The hex digits of the beginning of a canonical UUID; nothing if the text is not one.
std::optional<std::string> uuid_digits(std::string_view text) {
  if (text.size() > kUuidText) return std::nullopt;
  std::string digits;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (is_dash_place(i) ? text[i] != '-' : hex_digit(text[i]) < 0) return std::nullopt;
    if (!is_dash_place(i)) digits += text[i];
  }
  return digits;
}

bool pack_uuid(std::string_view text, char* out) {
  if (text.size() != kUuidText) return false;
  std::size_t n = 0;
  for (std::size_t i = 0; i < kUuidText;) {
    if (is_dash_place(i)) {
      if (text[i++] != '-') return false;
      continue;
    }
    const int high = hex_digit(text[i]);
    const int low = hex_digit(text[i + 1]);
    if (high < 0 || low < 0) return false;
    out[n++] = static_cast<char>(high << 4 | low);
    i += 2;
  }
  return true;
}

// The smallest bytes greater than all that begin with `prefix`; empty if there are none.
std::string after_prefix(std::string prefix) {
  while (!prefix.empty() && prefix.back() == '\xff') prefix.pop_back();
  if (!prefix.empty()) prefix.back() = static_cast<char>(static_cast<unsigned char>(prefix.back()) + 1);
  return prefix;
}

}  // namespace

std::int64_t day_of(TimePoint t) {
  return std::chrono::floor<std::chrono::days>(t).time_since_epoch().count();
}

StoredId::StoredId(std::string_view id) : text_(id), is_uuid_(pack_uuid(id, packed_)) {}

sqlite::Value StoredId::value() const {
  if (is_uuid_) return sqlite::Blob{std::string_view(packed_, sizeof packed_)};
  return text_;
}

std::string read_id(const sqlite::Cursor& row, int column) {
  const std::string_view bytes = row.bytes(column);
  if (bytes.size() != 16 || !row.is_blob(column)) return std::string(bytes);
  static constexpr char kHex[] = "0123456789abcdef";
  std::string text;
  text.reserve(kUuidText);
  for (const char byte : bytes) {
    if (is_dash_place(text.size())) text += '-';
    const auto value = static_cast<unsigned char>(byte);
    text += kHex[value >> 4];
    text += kHex[value & 15];
  }
  return text;
}

IdPrefixRange id_prefix_range(std::string_view prefix) {
  IdPrefixRange range{std::string(prefix), after_prefix(std::string(prefix)), {}, {}};
  const std::optional<std::string> digits = uuid_digits(prefix);
  if (!digits) return range;
  // An odd digit spans sixteen values of its byte.
  auto pack = [](std::string hex, char fill) {
    if (hex.size() % 2 != 0) hex += fill;
    std::string bytes;
    for (std::size_t i = 0; i < hex.size(); i += 2) bytes += static_cast<char>(hex_digit(hex[i]) << 4 | hex_digit(hex[i + 1]));
    return bytes;
  };
  range.uuid_from = pack(*digits, '0');
  range.uuid_to = after_prefix(pack(*digits, 'f'));
  return range;
}

RecordWriter& RecordWriter::number(std::int64_t n) {
  std::uint64_t rest = static_cast<std::uint64_t>(n) << 1 ^ static_cast<std::uint64_t>(n >> 63);
  for (; rest >= 0x80; rest >>= 7) bytes_ += static_cast<char>(rest | 0x80);
  bytes_ += static_cast<char>(rest);
  return *this;
}

RecordWriter& RecordWriter::text(std::string_view bytes) {
  number(static_cast<std::int64_t>(bytes.size()));
  bytes_ += bytes;
  return *this;
}

std::int64_t RecordReader::number() {
  std::uint64_t value = 0;
  for (int shift = 0; ok_ && shift < 64 && !rest_.empty(); shift += 7) {
    const auto byte = static_cast<unsigned char>(rest_.front());
    rest_.remove_prefix(1);
    value |= static_cast<std::uint64_t>(byte & 0x7f) << shift;
    if (byte < 0x80) return static_cast<std::int64_t>(value >> 1) ^ -static_cast<std::int64_t>(value & 1);
  }
  ok_ = false;
  rest_ = {};
  return 0;
}

std::string RecordReader::text() {
  const std::int64_t size = number();
  if (size < 0 || static_cast<std::uint64_t>(size) > rest_.size()) {
    ok_ = false;
    rest_ = {};
    return {};
  }
  std::string bytes(rest_.substr(0, static_cast<std::size_t>(size)));
  rest_.remove_prefix(static_cast<std::size_t>(size));
  return bytes;
}

std::string encode_headers(const Headers& headers) {
  RecordWriter writer;
  for (const auto& [key, value] : headers) writer.text(key).text(value);
  return writer.take();
}

Headers decode_headers(std::string_view bytes) {
  Headers headers;
  RecordReader reader(bytes);
  while (!reader.at_end()) {
    std::string key = reader.text();
    std::string value = reader.text();
    if (reader.ok()) headers.insert_or_assign(std::move(key), std::move(value));
  }
  return headers;
}

}  // namespace windlass::broker
