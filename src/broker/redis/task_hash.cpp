#include "broker/redis/task_hash.hpp"

#include <charconv>
#include <cinttypes>
#include <cstdio>

#include <protozero/pbf_reader.hpp>
#include <protozero/pbf_writer.hpp>

#include "core/text.hpp"
#include "core/time_math.hpp"

namespace windlass::broker {
namespace {

// Numbers of the fields: stored, never renumber.
enum Exact : std::uint32_t {
  kEnqueuedAt = 1, kScheduledAt = 2, kExpiresAt = 3, kTimeout = 4, kDeadline = 5, kRetention = 6, kEmptyPayload = 7,
};
enum Fail : std::uint32_t { kKind = 1, kExitCode = 2, kSignal = 3, kDetail = 4, kFailedAt = 5 };

std::optional<std::int64_t> to_integer(std::string_view text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

// A kind that this version does not know is an error like any other.
FailureKind to_kind(std::int32_t number) {
  const bool is_known = number >= 0 && number <= static_cast<std::int32_t>(FailureKind::kMemory);
  return is_known ? static_cast<FailureKind>(number) : FailureKind::kError;
}

// Whether the bytes are fields from the first to the last.
bool is_record(std::string_view bytes) {
  try {
    protozero::pbf_reader reader(bytes.data(), bytes.size());
    while (reader.next()) reader.skip();
    return true;
  } catch (const protozero::exception&) {
    return false;
  }
}

void add_if(protozero::pbf_writer& writer, Exact field, std::int64_t value) {
  if (value != 0) writer.add_int64(field, value);
}

// A field of the number and type that we write. Any other is skipped.
constexpr std::uint32_t varint(std::uint32_t field) {
  return protozero::tag_and_type(field, protozero::pbf_wire_type::varint);
}
constexpr std::uint32_t bytes(std::uint32_t field) {
  return protozero::tag_and_type(field, protozero::pbf_wire_type::length_delimited);
}

// Messages count lengths in seconds, rounded away from zero.
bool same_seconds(Duration exact, Duration whole) {
  constexpr Duration second = std::chrono::seconds(1);
  return core::saturated_sum(whole, -second) < exact && exact < core::saturated_sum(whole, second);
}

void apply_field(core::TaskMessage& message, protozero::pbf_reader& reader) {
  switch (reader.tag_and_type()) {
    case varint(kEnqueuedAt): message.enqueued_at = TimePoint(Duration(reader.get_int64())); return;
    case varint(kScheduledAt): message.scheduled_at = TimePoint(Duration(reader.get_int64())); return;
    case varint(kExpiresAt): message.expires_at = TimePoint(Duration(reader.get_int64())); return;
    case varint(kTimeout):
      if (const Duration exact(reader.get_int64()); same_seconds(exact, message.timeout)) message.timeout = exact;
      return;
    case varint(kRetention):
      if (const Duration exact(reader.get_int64()); same_seconds(exact, message.retention)) message.retention = exact;
      return;
    case varint(kDeadline):
      message.deadline = exact_time(unix_seconds(message.deadline), std::to_string(reader.get_int64()));
      return;
    case varint(kEmptyPayload):
      if (reader.get_bool() && message.payload.size() == 0) message.payload = Payload("");
      return;
    default: reader.skip();
  }
}

}  // namespace

std::string encode_exact(const core::TaskMessage& message) {
  std::string bytes;
  protozero::pbf_writer writer(bytes);
  add_if(writer, kEnqueuedAt, unix_nanos(message.enqueued_at));
  add_if(writer, kScheduledAt, unix_nanos(message.scheduled_at));
  add_if(writer, kExpiresAt, unix_nanos(message.expires_at));
  // Whole seconds are exact in the message.
  if (message.timeout % std::chrono::seconds(1) != Duration::zero()) add_if(writer, kTimeout, message.timeout.count());
  if (unix_nanos(message.deadline) % 1'000'000'000 != 0) add_if(writer, kDeadline, unix_nanos(message.deadline));
  if (message.retention % std::chrono::seconds(1) != Duration::zero()) add_if(writer, kRetention, message.retention.count());
  if (message.payload.present() && message.payload.size() == 0) writer.add_bool(kEmptyPayload, true);
  return bytes;
}

void apply_exact(core::TaskMessage& message, std::string_view exact) {
  // Not written by us: what the message says counts.
  if (!is_record(exact)) return;
  protozero::pbf_reader reader(exact.data(), exact.size());
  while (reader.next()) apply_field(message, reader);
}

std::string encode_failure(const Failure& failure, TimePoint failed_at) {
  std::string bytes;
  protozero::pbf_writer writer(bytes);
  writer.add_int32(kKind, static_cast<std::int32_t>(failure.kind));
  if (failure.exit_code != 0) writer.add_int32(kExitCode, failure.exit_code);
  if (failure.signal != 0) writer.add_int32(kSignal, failure.signal);
  if (!failure.detail.empty()) writer.add_string(kDetail, failure.detail);
  writer.add_int64(kFailedAt, unix_nanos(failed_at));
  return bytes;
}

Failure decode_failure(core::TaskMessage& message, std::string_view fail) {
  if (message.last_failed_at == kNoTime && message.error_msg.empty()) return {};
  const Failure plain(FailureKind::kError, message.error_msg);
  Failure failure = plain;
  TimePoint at = kNoTime;
  if (!is_record(fail)) return plain;
  protozero::pbf_reader reader(fail.data(), fail.size());
  while (reader.next()) {
    switch (reader.tag_and_type()) {
      case varint(kKind): failure.kind = to_kind(reader.get_int32()); break;
      case varint(kExitCode): failure.exit_code = reader.get_int32(); break;
      case varint(kSignal): failure.signal = reader.get_int32(); break;
      case bytes(kDetail): failure.detail = reader.get_string(); break;
      case varint(kFailedAt): at = TimePoint(Duration(reader.get_int64())); break;
      default: reader.skip();
    }
  }
  if (unix_seconds(at) != unix_seconds(message.last_failed_at)) return plain;
  message.last_failed_at = at;
  return failure;
}

std::optional<Run> parse_run(std::string_view run) {
  const std::size_t first = run.find(':');
  const std::size_t second = first == std::string_view::npos ? first : run.find(':', first + 1);
  const std::size_t third = second == std::string_view::npos ? second : run.find(':', second + 1);
  if (third == std::string_view::npos) return std::nullopt;
  const auto lease = to_integer(run.substr(first + 1, second - first - 1));
  const auto started = to_integer(run.substr(second + 1, third - second - 1));
  if (!lease || !started) return std::nullopt;
  return Run{run.substr(0, first), *lease, TimePoint(Duration(*started)), run.substr(third + 1)};
}

std::string nonce_text(std::uint64_t nonce) {
  char text[17];
  std::snprintf(text, sizeof text, "%016" PRIx64, nonce);
  return text;
}

std::string encode_progress(const Progress& progress) {
  char percent[40];
  const auto end = std::to_chars(percent, percent + sizeof percent, progress.percent).ptr;
  return std::string(percent, end) + ":" + progress.text;
}

std::optional<Progress> decode_progress(std::string_view field, std::string_view nonce) {
  if (!field.starts_with(nonce) || field.size() <= nonce.size() || field[nonce.size()] != ':') return std::nullopt;
  field.remove_prefix(nonce.size() + 1);
  const std::size_t colon = field.find(':');
  if (colon == std::string_view::npos) return std::nullopt;
  Progress progress;
  std::from_chars(field.data(), field.data() + colon, progress.percent);
  progress.text = field.substr(colon + 1);
  return progress;
}

std::int64_t unix_seconds(TimePoint t) { return std::chrono::floor<std::chrono::seconds>(t).time_since_epoch().count(); }
std::int64_t unix_nanos(TimePoint t) { return t.time_since_epoch().count(); }

TimePoint exact_time(std::int64_t score, std::optional<std::string_view> at) {
  if (at) {
    if (const auto nanos = to_integer(*at); nanos && unix_seconds(TimePoint(Duration(*nanos))) == score) {
      return TimePoint(Duration(*nanos));
    }
  }
  return TimePoint(core::saturated_seconds(score));
}

Result<core::TaskMessage> decode_task(std::string_view msg, std::string_view exact) {
  Result<core::TaskMessage> message = core::decode_message(msg);
  if (message) apply_exact(*message, exact);
  return message;
}

}  // namespace windlass::broker
