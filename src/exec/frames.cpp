#include "exec/frames.hpp"

#include <algorithm>
#include <bit>
#include <cassert>
#include <cstring>
#include <type_traits>
#include <utility>

namespace windlass::exec {
namespace {

static_assert(std::endian::native == std::endian::little, "frames are written as they stand in memory");

constexpr std::size_t kLengthSize = 4;
// What a frame takes besides its texts and lists: more than the fixed fields of any.
constexpr std::size_t kFixedMax = 256;
constexpr std::size_t kListItemMax = 2 * kLengthSize;

class Writer {
 public:
  explicit Writer(std::uint8_t type) : out_(kLengthSize, '\0') { number(type); }

  template <class T>
  requires std::is_arithmetic_v<T> || std::is_enum_v<T>
  void number(T value) {
    char bytes[sizeof value];
    std::memcpy(bytes, &value, sizeof value);
    out_.append(bytes, sizeof value);
  }
  void text(std::string_view s) {
    number(static_cast<std::uint32_t>(s.size()));
    out_ += s;
  }
  void time(TimePoint t) { number(t.time_since_epoch().count()); }

  std::string finish() {
    const auto length = static_cast<std::uint32_t>(out_.size() - kLengthSize);
    std::memcpy(out_.data(), &length, sizeof length);
    return std::move(out_);
  }

 private:
  std::string out_;
};

// Reads what Writer wrote. What is not there reads as zero, and ok() says so at the end.
class Reader {
 public:
  explicit Reader(std::string_view bytes) : bytes_(bytes) {}

  template <class T>
  requires std::is_arithmetic_v<T>
  void number(T& value) {
    const std::string_view taken = take(sizeof value);
    if (taken.size() == sizeof value) std::memcpy(&value, taken.data(), sizeof value);
  }
  void flag(bool& value) {
    std::uint8_t byte = 0;
    number(byte);
    value = byte != 0;
    failed_ |= byte > 1;
  }
  template <class E>
  void choice(E& value, E last) {
    std::uint8_t byte = 0;
    number(byte);
    failed_ |= byte > static_cast<std::uint8_t>(last);
    if (!failed_) value = static_cast<E>(byte);
  }
  void text(std::string& s) {
    std::uint32_t size = 0;
    number(size);
    s = take(size);
  }
  void time(TimePoint& t) {
    Duration::rep count = 0;
    number(count);
    t = TimePoint(Duration(count));
  }
  // How many items follow; never more than could be there.
  std::uint32_t count(std::size_t item_min) {
    std::uint32_t n = 0;
    number(n);
    if (n > bytes_.size() / item_min) failed_ = true;
    return failed_ ? 0 : n;
  }

  bool ok() const { return !failed_ && bytes_.empty(); }

 private:
  std::string_view take(std::size_t size) {
    if (size > bytes_.size()) failed_ = true;
    const std::string_view taken = failed_ ? std::string_view() : bytes_.substr(0, size);
    bytes_.remove_prefix(taken.size());
    return taken;
  }

  std::string_view bytes_;
  bool failed_ = false;
};

template <class Pairs>
void write_pairs(Writer& w, const Pairs& pairs) {
  w.number(static_cast<std::uint32_t>(pairs.size()));
  for (const auto& [key, value] : pairs) {
    w.text(key);
    w.text(value);
  }
}

template <class Add>
void read_pairs(Reader& r, Add add) {
  for (std::uint32_t n = r.count(kListItemMax); n > 0; --n) {
    std::string key, value;
    r.text(key);
    r.text(value);
    add(std::move(key), std::move(value));
  }
}

void write(Writer& w, const HelloFrame& f) { w.number(f.version); }
void read(Reader& r, HelloFrame& f) { r.number(f.version); }

void write(Writer& w, const TaskFrame& f) {
  w.number(f.serial);
  for (const std::string* s : {&f.id, &f.queue, &f.type}) w.text(*s);
  w.number(f.payload.present());
  w.text(f.payload.bytes());
  write_pairs(w, f.headers);
  w.number(f.retry_count);
  w.number(f.max_retry);
  for (const TimePoint t : {f.deadline, f.scheduled_at, f.enqueued_at, f.started_at}) w.time(t);
}
void read(Reader& r, TaskFrame& f) {
  r.number(f.serial);
  for (std::string* s : {&f.id, &f.queue, &f.type}) r.text(*s);
  bool present = false;
  std::string bytes;
  r.flag(present);
  r.text(bytes);
  if (present) f.payload = Payload(std::move(bytes));
  read_pairs(r,
             [&](std::string key, std::string value) { f.headers.insert_or_assign(std::move(key), std::move(value)); });
  r.number(f.retry_count);
  r.number(f.max_retry);
  for (TimePoint* t : {&f.deadline, &f.scheduled_at, &f.enqueued_at, &f.started_at}) r.time(*t);
}

void write(Writer& w, const StopFrame& f) {
  w.number(f.lane);
  w.number(f.serial);
  w.number(f.reason);
}
void read(Reader& r, StopFrame& f) {
  r.number(f.lane);
  r.number(f.serial);
  r.choice(f.reason, StopReason::kShutdown);
}

void write(Writer& w, const ProgressFrame& f) {
  w.number(f.progress.percent);
  w.text(f.progress.text);
}
void read(Reader& r, ProgressFrame& f) {
  r.number(f.progress.percent);
  r.text(f.progress.text);
}

void write(Writer& w, const ResultFrame& f) { w.text(f.bytes); }
void read(Reader& r, ResultFrame& f) { r.text(f.bytes); }

void write(Writer& w, const LogFrame& f) {
  w.number(f.level);
  w.text(f.message);
  write_pairs(w, f.fields);
}
void read(Reader& r, LogFrame& f) {
  r.choice(f.level, LogLevel::kOff);
  r.text(f.message);
  read_pairs(r, [&](std::string key, std::string value) { f.fields.emplace_back(std::move(key), std::move(value)); });
}

void write(Writer& w, const FinishedFrame& f) {
  w.number(f.kind);
  w.number(f.failure.kind);
  w.text(f.failure.message);
  w.number(f.failure.exit_code);
  w.number(f.failure.signal);
  w.text(f.failure.detail);
  w.number(f.delay.count());
  w.number(f.rss);
}
void read(Reader& r, FinishedFrame& f) {
  r.choice(f.kind, Outcome::Kind::kSnooze);
  r.choice(f.failure.kind, FailureKind::kMemory);
  r.text(f.failure.message);
  r.number(f.failure.exit_code);
  r.number(f.failure.signal);
  r.text(f.failure.detail);
  Duration::rep delay = 0;
  r.number(delay);
  f.delay = Duration(delay);
  r.number(f.rss);
}

void write(Writer& w, const CrashFrame& f) {
  w.number(f.lane);
  w.number(f.signal);
  w.number(f.memory_full);
}
void read(Reader& r, CrashFrame& f) {
  r.number(f.lane);
  r.number(f.signal);
  r.flag(f.memory_full);
}

template <std::size_t I = 0>
Result<std::optional<Frame>> decode(std::uint8_t type, std::string_view body) {
  if constexpr (I < std::variant_size_v<Frame>) {
    if (type != I) return decode<I + 1>(type, body);
    std::variant_alternative_t<I, Frame> frame;
    Reader reader(body);
    read(reader, frame);
    if (!reader.ok()) return Error(ErrorCode::kCorrupt, "frame of type " + std::to_string(type) + " is malformed");
    return std::optional<Frame>(std::move(frame));
  } else {
    return Error(ErrorCode::kCorrupt, "frame of unknown type " + std::to_string(type));
  }
}

template <class Pairs>
std::size_t pairs_size(const Pairs& pairs) {
  std::size_t sum = 0;
  for (const auto& [key, value] : pairs) sum += key.size() + value.size() + kListItemMax;
  return sum;
}

std::size_t texts_size(const HelloFrame&) { return 0; }
std::size_t texts_size(const TaskFrame& f) {
  return f.id.size() + f.queue.size() + f.type.size() + f.payload.size() + pairs_size(f.headers);
}
std::size_t texts_size(const StopFrame&) { return 0; }
std::size_t texts_size(const ProgressFrame& f) { return f.progress.text.size(); }
std::size_t texts_size(const ResultFrame& f) { return f.bytes.size(); }
std::size_t texts_size(const LogFrame& f) { return f.message.size() + pairs_size(f.fields); }
std::size_t texts_size(const FinishedFrame& f) { return f.failure.message.size() + f.failure.detail.size(); }
std::size_t texts_size(const CrashFrame&) { return 0; }

}  // namespace

std::string encode_frame(const Frame& frame) {
  assert(encoded_size_max(frame) <= kFrameMax);
  Writer writer(static_cast<std::uint8_t>(frame.index()));
  std::visit([&](const auto& f) { write(writer, f); }, frame);
  return writer.finish();
}

std::size_t encoded_size_max(const Frame& frame) {
  return kFixedMax + std::visit([](const auto& f) { return texts_size(f); }, frame);
}

std::array<char, kCrashFrameSize> encode_crash(const CrashFrame& crash) noexcept {
  constexpr std::uint32_t kLength = kCrashFrameSize - kLengthSize;
  constexpr auto kType = static_cast<std::uint8_t>(std::variant_size_v<Frame> - 1);
  static_assert(std::is_same_v<std::variant_alternative_t<kType, Frame>, CrashFrame>);
  std::array<char, kCrashFrameSize> bytes{};
  char* at = bytes.data();
  const auto put = [&](const auto& value) {
    std::memcpy(at, &value, sizeof value);
    at += sizeof value;
  };
  put(kLength);
  put(kType);
  put(crash.lane);
  put(crash.signal);
  put(crash.memory_full);
  return bytes;
}

char* FrameReader::room(std::size_t size) {
  if (begin_ == end_) begin_ = end_ = 0;
  if (buffer_.size() - end_ < size && begin_ > 0) {
    std::memmove(buffer_.data(), buffer_.data() + begin_, end_ - begin_);
    end_ -= std::exchange(begin_, 0);
  }
  if (buffer_.size() - end_ < size) buffer_.resize(std::max(end_ + size, 2 * buffer_.size()));
  return buffer_.data() + end_;
}

void FrameReader::added(std::size_t size) { end_ += size; }

std::size_t FrameReader::wanted() const {
  const std::size_t have = end_ - begin_;
  if (have < kLengthSize) return kLengthSize - have;
  std::uint32_t length = 0;
  std::memcpy(&length, buffer_.data() + begin_, sizeof length);
  return kLengthSize + length > have ? kLengthSize + length - have : 1;
}

Result<std::optional<Frame>> FrameReader::next() {
  const std::size_t have = end_ - begin_;
  if (have < kLengthSize) return std::optional<Frame>();
  std::uint32_t length = 0;
  std::memcpy(&length, buffer_.data() + begin_, sizeof length);
  if (length == 0 || length > kFrameMax) {
    return Error(ErrorCode::kCorrupt, "frame of " + std::to_string(length) + " bytes");
  }
  if (have - kLengthSize < length) return std::optional<Frame>();
  const std::string_view bytes(buffer_.data() + begin_ + kLengthSize, length);
  begin_ += kLengthSize + length;
  auto frame = decode(static_cast<std::uint8_t>(bytes[0]), bytes.substr(1));
  // One large frame must not make the buffer large for good.
  if (begin_ == end_ && buffer_.size() > (1u << 20)) {
    buffer_ = {};
    begin_ = end_ = 0;
  }
  return frame;
}

}  // namespace windlass::exec
