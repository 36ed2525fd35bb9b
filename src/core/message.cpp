#include "core/message.hpp"

#include <algorithm>
#include <limits>

#include <protozero/pbf_writer.hpp>
#include <protozero/varint.hpp>

#include "core/text.hpp"
#include "core/time_math.hpp"

namespace windlass::core {

namespace {

// Numbers of the fields of Asynq's TaskMessage. Given by Asynq: never change them, never add one.
enum Field : std::uint32_t {
  kType = 1,
  kPayload = 2,
  kId = 3,
  kQueue = 4,
  kRetry = 5,
  kRetried = 6,
  kErrorMsg = 7,
  kTimeout = 8,
  kDeadline = 9,
  kUniqueKey = 10,
  kLastFailedAt = 11,
  kRetention = 12,
  kCompletedAt = 13,
  kGroupKey = 14,
  kHeaders = 15,
};
enum EntryField : std::uint32_t { kEntryKey = 1, kEntryValue = 2 };

enum WireType : std::uint32_t { kVarint = 0, kFixed64 = 1, kBytes = 2, kFixed32 = 5 };

constexpr std::uint32_t tag_of(std::uint32_t field, WireType type) { return field << 3 | type; }

// ---------------------------------------------------------------------------------------------------------- encode

// Away from zero: half a second of timeout must not become 0, which means none, and neither may half a negative one.
std::int64_t length_in_seconds(Duration d) {
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(d).count();
  const auto rest = d.count() % 1'000'000'000;
  return seconds + (rest > 0) - (rest < 0);
}

std::int64_t unix_seconds(TimePoint t) {
  return std::chrono::floor<std::chrono::seconds>(t).time_since_epoch().count();
}

void add_text(protozero::pbf_writer& writer, std::uint32_t field, std::string_view text) {
  if (is_valid_utf8(text)) {
    writer.add_string(field, text.data(), text.size());
  } else {
    writer.add_string(field, to_valid_utf8(text));
  }
}

// The four below leave out zero values, as proto3 does.
void add_text_if(protozero::pbf_writer& writer, Field field, std::string_view text) {
  if (!text.empty()) add_text(writer, field, text);
}
void add_int_if(protozero::pbf_writer& writer, Field field, std::int64_t value) {
  if (value != 0) writer.add_int64(field, value);
}
void add_length_if(protozero::pbf_writer& writer, Field field, Duration d) {
  add_int_if(writer, field, length_in_seconds(d));
}
void add_time_if(protozero::pbf_writer& writer, Field field, TimePoint t) {
  add_int_if(writer, field, unix_seconds(t));
}

// Entries of a map carry key and value even where they are empty.
void write_headers(protozero::pbf_writer& writer, const Headers& headers) {
  for (const auto& [key, value] : headers) {
    protozero::pbf_writer entry(writer, kHeaders);
    add_text(entry, kEntryKey, key);
    add_text(entry, kEntryValue, value);
  }
}

void add_headers(protozero::pbf_writer& writer, const Headers& headers) {
  const auto key_is_valid = [](const auto& header) { return is_valid_utf8(header.first); };
  if (std::all_of(headers.begin(), headers.end(), key_is_valid)) return write_headers(writer, headers);
  // Replacing bytes may move a key or make it equal to another one, so the order must be found anew.
  Headers valid;
  for (const auto& [key, value] : headers) valid[to_valid_utf8(key)] = value;
  write_headers(writer, valid);
}

// Not less than the encoding takes, if all text in it is valid.
std::size_t encoded_size_max(const TaskMessage& m) {
  constexpr std::size_t kFrame = 6;    // tag and length of a text or bytes field, or of an entry
  constexpr std::size_t kNumber = 11;  // tag and value of a number
  std::size_t size = 7 * kFrame + 7 * kNumber + m.type.size() + m.payload.size() + m.id.size() + m.queue.size() +
                     m.error_msg.size() + m.unique_key.size() + m.group.size();
  for (const auto& [key, value] : m.headers) size += 3 * kFrame + key.size() + value.size();
  return size;
}

// ---------------------------------------------------------------------------------------------------------- decode

// The fields of an encoded message, one after the other. Total: any bytes are walked through or found corrupt.
class FieldReader {
 public:
  explicit FieldReader(std::string_view bytes) : begin_(bytes.data()), at_(begin_), end_(begin_ + bytes.size()) {}

  // Moves to the next field. False at the end, and where the bytes are corrupt.
  bool next() {
    if (at_ == end_ || corrupt_) return false;
    start_ = at_;
    corrupt_ = !take_field();
    return !corrupt_;
  }

  bool corrupt() const { return corrupt_; }
  // Where the field begins that next() came to.
  std::size_t offset() const { return static_cast<std::size_t>(start_ - begin_); }

  // Number and wire type of this field, see tag_of.
  std::uint32_t tag() const { return tag_; }
  std::int64_t number() const { return static_cast<std::int64_t>(number_); }  // of kVarint
  std::string_view bytes() const { return bytes_; }                           // of kBytes
  std::size_t bytes_offset() const { return static_cast<std::size_t>(bytes_.data() - begin_); }

 private:
  bool take_field() {
    std::uint64_t tag = 0;
    if (!take_varint(tag) || tag > std::numeric_limits<std::uint32_t>::max() || tag >> 3 == 0) return false;
    tag_ = static_cast<std::uint32_t>(tag);
    switch (tag_ & 7) {
      case kVarint: return take_varint(number_);
      case kFixed64: return take_bytes(8);
      case kFixed32: return take_bytes(4);
      case kBytes: return take_varint(number_) && take_bytes(number_);
      default: return false;  // groups: proto3 has none
    }
  }

  bool take_varint(std::uint64_t& value) {
    try {
      value = protozero::decode_varint(&at_, end_);
      return true;
    } catch (const protozero::exception&) {  // too long, or cut off
      return false;
    }
  }

  bool take_bytes(std::uint64_t length) {
    if (length > static_cast<std::uint64_t>(end_ - at_)) return false;
    bytes_ = std::string_view(at_, static_cast<std::size_t>(length));
    at_ += length;
    return true;
  }

  const char* begin_;
  const char* at_;
  const char* end_;
  const char* start_ = begin_;
  std::uint32_t tag_ = 0;
  std::uint64_t number_ = 0;
  std::string_view bytes_;
  bool corrupt_ = false;
};

Error corrupt_at(std::size_t offset) {
  return Error(ErrorCode::kCorrupt,
               "task message: the field at offset " + std::to_string(offset) + " is cut off or not protobuf");
}

TimePoint time_at(std::int64_t seconds) { return TimePoint(saturated_seconds(seconds)); }

// Adds the entry in `bytes`, which stand at `offset` of the message. A key or value that is not there is empty.
Status read_header(std::string_view bytes, std::size_t offset, Headers& headers) {
  FieldReader fields(bytes);
  std::string_view key, value;
  while (fields.next()) {
    if (fields.tag() == tag_of(kEntryKey, kBytes)) key = fields.bytes();
    if (fields.tag() == tag_of(kEntryValue, kBytes)) value = fields.bytes();
  }
  if (fields.corrupt()) return corrupt_at(offset + fields.offset());
  headers.insert_or_assign(std::string(key), std::string(value));
  return {};
}

// Stores one field; what the message does not know, or not with this wire type, is passed over.
Status read_field(const FieldReader& field, TaskMessage& m) {
  switch (field.tag()) {
    case tag_of(kType, kBytes): m.type = field.bytes(); break;
    case tag_of(kPayload, kBytes): m.payload = field.bytes().empty() ? Payload() : Payload(field.bytes()); break;
    case tag_of(kId, kBytes): m.id = field.bytes(); break;
    case tag_of(kQueue, kBytes): m.queue = field.bytes(); break;
    case tag_of(kRetry, kVarint): m.max_retry = static_cast<std::int32_t>(field.number()); break;
    case tag_of(kRetried, kVarint): m.retried = static_cast<std::int32_t>(field.number()); break;
    case tag_of(kErrorMsg, kBytes): m.error_msg = field.bytes(); break;
    case tag_of(kTimeout, kVarint): m.timeout = saturated_seconds(field.number()); break;
    case tag_of(kDeadline, kVarint): m.deadline = time_at(field.number()); break;
    case tag_of(kUniqueKey, kBytes): m.unique_key = field.bytes(); break;
    case tag_of(kLastFailedAt, kVarint): m.last_failed_at = time_at(field.number()); break;
    case tag_of(kRetention, kVarint): m.retention = saturated_seconds(field.number()); break;
    case tag_of(kCompletedAt, kVarint): m.completed_at = time_at(field.number()); break;
    case tag_of(kGroupKey, kBytes): m.group = field.bytes(); break;
    case tag_of(kHeaders, kBytes): return read_header(field.bytes(), field.bytes_offset(), m.headers);
    default: break;
  }
  return {};
}

}  // namespace

std::string encode_message(const TaskMessage& m) {
  std::string bytes;
  bytes.reserve(encoded_size_max(m));
  protozero::pbf_writer writer(bytes);
  add_text_if(writer, kType, m.type);
  if (m.payload.size() != 0) writer.add_bytes(kPayload, m.payload.bytes().data(), m.payload.size());
  add_text_if(writer, kId, m.id);
  add_text_if(writer, kQueue, m.queue);
  add_int_if(writer, kRetry, m.max_retry);
  add_int_if(writer, kRetried, m.retried);
  add_text_if(writer, kErrorMsg, m.error_msg);
  add_length_if(writer, kTimeout, m.timeout);
  add_time_if(writer, kDeadline, m.deadline);
  add_text_if(writer, kUniqueKey, m.unique_key);
  add_time_if(writer, kLastFailedAt, m.last_failed_at);
  add_length_if(writer, kRetention, m.retention);
  add_time_if(writer, kCompletedAt, m.completed_at);
  add_text_if(writer, kGroupKey, m.group);
  add_headers(writer, m.headers);
  return bytes;
}

Result<TaskMessage> decode_message(std::string_view bytes) {
  TaskMessage message;
  message.max_retry = 0;  // absent means zero here, not the default of the enqueue call
  FieldReader fields(bytes);
  while (fields.next()) {
    if (Status status = read_field(fields, message); !status) return status.error();
  }
  if (fields.corrupt()) return corrupt_at(fields.offset());
  return message;
}

}  // namespace windlass::core
