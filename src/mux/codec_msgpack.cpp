// MessagePack to and from codec::Value: all formats of the specification, extensions as they come.
//
// A first byte says what follows; numbers are big-endian. Ranges of the first byte:
//   00-7f positive fixint   80-8f fixmap   90-9f fixarray   a0-bf fixstr   c0-df see Format   e0-ff negative fixint
#include <windlass/codec.hpp>

#include <algorithm>
#include <bit>
#include <cmath>

namespace windlass::codec {
namespace {

// clang-format off
enum Format : std::uint8_t {
  kNil = 0xC0, kNeverUsed = 0xC1, kFalse = 0xC2, kTrue = 0xC3,
  kBin8 = 0xC4, kBin16 = 0xC5, kBin32 = 0xC6,
  kExt8 = 0xC7, kExt16 = 0xC8, kExt32 = 0xC9,
  kFloat32 = 0xCA, kFloat64 = 0xCB,
  kUint8 = 0xCC, kUint16 = 0xCD, kUint32 = 0xCE, kUint64 = 0xCF,
  kInt8 = 0xD0, kInt16 = 0xD1, kInt32 = 0xD2, kInt64 = 0xD3,
  kFixext1 = 0xD4, kFixext2 = 0xD5, kFixext4 = 0xD6, kFixext8 = 0xD7, kFixext16 = 0xD8,
  kStr8 = 0xD9, kStr16 = 0xDA, kStr32 = 0xDB,
  kArray16 = 0xDC, kArray32 = 0xDD, kMap16 = 0xDE, kMap32 = 0xDF,
};
// clang-format on

// Reads values off the front of the bytes. After the first fault every read returns nothing of use, and the fault
// stays. Confined to one parse.
class Reader {
 public:
  explicit Reader(std::string_view bytes) : bytes_(bytes) {}

  Result<Value> read_all() {
    Value value = read(0);
    if (fault_.empty() && place_ < bytes_.size()) fail(std::to_string(bytes_.size() - place_) + " bytes left over");
    if (fault_.empty()) return value;
    return Error(ErrorCode::kCorrupt,
                 "payload is not valid MessagePack: " + fault_ + " at byte " + std::to_string(place_));
  }

 private:
  Value read(int depth);
  Value read_format(std::uint8_t format, int depth);
  Value read_array(std::uint64_t count, int depth);
  Value read_map(std::uint64_t count, int depth);
  Value read_extension(std::uint64_t size);

  void fail(std::string what) {
    if (fault_.empty()) fault_ = std::move(what);
  }
  bool enter(std::uint64_t count, int depth);

  // The next `size` bytes; empty and a fault if there are fewer.
  std::string_view take(std::uint64_t size) {
    if (!fault_.empty()) return {};
    if (size > bytes_.size() - place_) {
      fail("ends in the middle of a value");
      return {};
    }
    const std::string_view taken = bytes_.substr(place_, size);
    place_ += size;
    return taken;
  }
  template <class T>
  T take_number() {
    std::make_unsigned_t<T> number = 0;
    for (const char byte : take(sizeof(T))) {
      number = static_cast<std::make_unsigned_t<T>>(static_cast<std::uint64_t>(number) << 8 |
                                                    static_cast<unsigned char>(byte));
    }
    return static_cast<T>(number);
  }
  std::string take_string(std::uint64_t size) { return std::string(take(size)); }

  const std::string_view bytes_;
  std::size_t place_ = 0;
  std::string fault_;
};

Value Reader::read(int depth) {
  const auto first = take_number<std::uint8_t>();
  if (!fault_.empty()) return {};
  if (first < 0x80) return first;
  if (first < 0x90) return read_map(first & 0x0F, depth);
  if (first < 0xA0) return read_array(first & 0x0F, depth);
  if (first < 0xC0) return take_string(first & 0x1F);
  if (first >= 0xE0) return static_cast<std::int8_t>(first);
  return read_format(first, depth);
}

Value Reader::read_format(std::uint8_t format, int depth) {
  switch (static_cast<Format>(format)) {
    case kNil: return {};
    case kFalse: return false;
    case kTrue: return true;
    case kBin8: return Bytes(take_string(take_number<std::uint8_t>()));
    case kBin16: return Bytes(take_string(take_number<std::uint16_t>()));
    case kBin32: return Bytes(take_string(take_number<std::uint32_t>()));
    case kExt8: return read_extension(take_number<std::uint8_t>());
    case kExt16: return read_extension(take_number<std::uint16_t>());
    case kExt32: return read_extension(take_number<std::uint32_t>());
    case kFloat32: return std::bit_cast<float>(take_number<std::uint32_t>());
    case kFloat64: return std::bit_cast<double>(take_number<std::uint64_t>());
    case kUint8: return take_number<std::uint8_t>();
    case kUint16: return take_number<std::uint16_t>();
    case kUint32: return take_number<std::uint32_t>();
    case kUint64: return take_number<std::uint64_t>();
    case kInt8: return take_number<std::int8_t>();
    case kInt16: return take_number<std::int16_t>();
    case kInt32: return take_number<std::int32_t>();
    case kInt64: return take_number<std::int64_t>();
    case kFixext1: return read_extension(1);
    case kFixext2: return read_extension(2);
    case kFixext4: return read_extension(4);
    case kFixext8: return read_extension(8);
    case kFixext16: return read_extension(16);
    case kStr8: return take_string(take_number<std::uint8_t>());
    case kStr16: return take_string(take_number<std::uint16_t>());
    case kStr32: return take_string(take_number<std::uint32_t>());
    case kArray16: return read_array(take_number<std::uint16_t>(), depth);
    case kArray32: return read_array(take_number<std::uint32_t>(), depth);
    case kMap16: return read_map(take_number<std::uint16_t>(), depth);
    case kMap32: return read_map(take_number<std::uint32_t>(), depth);
    case kNeverUsed: break;
  }
  fail("the byte 0xc1, which begins no value,");
  return {};
}

// True if an array or object of `count` parts, each at least one byte, may be read at this depth.
bool Reader::enter(std::uint64_t count, int depth) {
  if (depth >= kDepthMax) fail("deeper than " + std::to_string(kDepthMax) + " levels");
  if (count > bytes_.size() - place_) fail("ends in the middle of a value");
  return fault_.empty();
}

// Room for this many parts is made at once; larger arrays and maps grow as their parts are read. Reserving what a count
// promises would let a few bytes ask for 64 times (once for each level) a multiple of the payload's size.
constexpr std::uint64_t kReserveMax = 16;

Value Reader::read_array(std::uint64_t count, int depth) {
  Value::Array items;
  if (!enter(count, depth)) return {};
  items.reserve(std::min(count, kReserveMax));
  for (std::uint64_t i = 0; i < count && fault_.empty(); ++i) items.push_back(read(depth + 1));
  return items;
}

Value Reader::read_map(std::uint64_t count, int depth) {
  Value::Object members;
  if (!enter(2 * count, depth)) return {};
  members.reserve(std::min(count, kReserveMax));
  for (std::uint64_t i = 0; i < count && fault_.empty(); ++i) {
    Value key = read(depth + 1);
    const std::string* const text = key.get_if<std::string>();
    if (text == nullptr) {
      fail("a map key that is no string");
      return {};
    }
    members.push_back({*text, read(depth + 1)});
  }
  return members;
}

Value Reader::read_extension(std::uint64_t size) {
  const auto type = take_number<std::int8_t>();
  return Extension(type, take_string(size));
}

// Appends values to a text. Confined to one call.
class Writer {
 public:
  void write(const Value& value);
  std::string take() { return std::move(out_); }

 private:
  void put(std::uint8_t byte) { out_ += static_cast<char>(byte); }
  template <std::unsigned_integral T>
  void put_number(Format format, T number) {
    put(format);
    for (int shift = 8 * (static_cast<int>(sizeof(T)) - 1); shift >= 0; shift -= 8) {
      put(static_cast<std::uint8_t>(static_cast<std::uint64_t>(number) >> shift & 0xFF));
    }
  }
  void put_unsigned(std::uint64_t number);
  void put_signed(std::int64_t number);
  void put_double(double number);
  // The smallest of three formats that holds `size`.
  void put_size(std::uint64_t size, Format size8, Format size16, Format size32);
  void put_count(std::uint64_t count, std::uint8_t fixed, Format count16, Format count32);
  void put_string(std::string_view text);
  void put_extension(const Extension& extension);

  std::string out_;
};

void Writer::put_unsigned(std::uint64_t number) {
  if (number < 0x80)
    put(static_cast<std::uint8_t>(number));
  else if (number <= 0xFF)
    put_number(kUint8, static_cast<std::uint8_t>(number));
  else if (number <= 0xFFFF)
    put_number(kUint16, static_cast<std::uint16_t>(number));
  else if (number <= 0xFFFFFFFF)
    put_number(kUint32, static_cast<std::uint32_t>(number));
  else
    put_number(kUint64, number);
}

void Writer::put_signed(std::int64_t number) {
  const auto bits = static_cast<std::uint64_t>(number);
  if (number >= 0)
    put_unsigned(bits);
  else if (number >= -32)
    put(static_cast<std::uint8_t>(bits));
  else if (std::in_range<std::int8_t>(number))
    put_number(kInt8, static_cast<std::uint8_t>(bits));
  else if (std::in_range<std::int16_t>(number))
    put_number(kInt16, static_cast<std::uint16_t>(bits));
  else if (std::in_range<std::int32_t>(number))
    put_number(kInt32, static_cast<std::uint32_t>(bits));
  else
    put_number(kInt64, bits);
}

void Writer::put_double(double number) {
  const bool in_range = std::fabs(number) <= static_cast<double>(std::numeric_limits<float>::max());
  if (in_range && static_cast<double>(static_cast<float>(number)) == number) {
    put_number(kFloat32, std::bit_cast<std::uint32_t>(static_cast<float>(number)));
  } else {
    put_number(kFloat64, std::bit_cast<std::uint64_t>(number));
  }
}

void Writer::put_size(std::uint64_t size, Format size8, Format size16, Format size32) {
  if (size <= 0xFF)
    put_number(size8, static_cast<std::uint8_t>(size));
  else if (size <= 0xFFFF)
    put_number(size16, static_cast<std::uint16_t>(size));
  else
    put_number(size32, static_cast<std::uint32_t>(size));
}

void Writer::put_count(std::uint64_t count, std::uint8_t fixed, Format count16, Format count32) {
  if (count < 16)
    put(static_cast<std::uint8_t>(fixed | count));
  else if (count <= 0xFFFF)
    put_number(count16, static_cast<std::uint16_t>(count));
  else
    put_number(count32, static_cast<std::uint32_t>(count));
}

void Writer::put_string(std::string_view text) {
  if (text.size() < 32)
    put(static_cast<std::uint8_t>(0xA0 | text.size()));
  else
    put_size(text.size(), kStr8, kStr16, kStr32);
  out_ += text;
}

void Writer::put_extension(const Extension& extension) {
  switch (extension.data.size()) {
    case 1: put(kFixext1); break;
    case 2: put(kFixext2); break;
    case 4: put(kFixext4); break;
    case 8: put(kFixext8); break;
    case 16: put(kFixext16); break;
    default: put_size(extension.data.size(), kExt8, kExt16, kExt32);
  }
  put(static_cast<std::uint8_t>(extension.type));
  out_ += extension.data;
}

void Writer::write(const Value& value) {
  if (value.is_null())
    put(kNil);
  else if (const auto* b = value.get_if<bool>())
    put(*b ? kTrue : kFalse);
  else if (const auto* i = value.get_if<std::int64_t>())
    put_signed(*i);
  else if (const auto* u = value.get_if<std::uint64_t>())
    put_unsigned(*u);
  else if (const auto* d = value.get_if<double>())
    put_double(*d);
  else if (const auto* s = value.get_if<std::string>())
    put_string(*s);
  else if (const auto* ext = value.get_if<Extension>())
    put_extension(*ext);
  else if (const auto* bytes = value.get_if<Bytes>()) {
    put_size(bytes->data.size(), kBin8, kBin16, kBin32);
    out_ += bytes->data;
  } else if (const auto* items = value.get_if<Value::Array>()) {
    put_count(items->size(), 0x90, kArray16, kArray32);
    for (const Value& item : *items) write(item);
  } else if (const auto* members = value.get_if<Value::Object>()) {
    put_count(members->size(), 0x80, kMap16, kMap32);
    for (const Value::Member& member : *members) {
      put_string(member.key);
      write(member.value);
    }
  }
}

}  // namespace

Result<Value> parse_msgpack(std::string_view bytes) { return Reader(bytes).read_all(); }

std::string write_msgpack(const Value& value) {
  Writer writer;
  writer.write(value);
  return writer.take();
}

}  // namespace windlass::codec
