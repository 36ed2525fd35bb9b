// What of windlass/codec.hpp is neither JSON nor MessagePack: Value, Mismatch, and the readers of the scalar types.
#include <windlass/codec.hpp>

#include <algorithm>
#include <cmath>

#include "mux/base64.hpp"
#include "mux/number_text.hpp"

namespace windlass::codec {
namespace {

// What a value is, as people call it.
std::string_view kind_name(const Value& value) {
  if (value.is_null()) return "null";
  if (value.get_if<bool>() != nullptr) return "bool";
  if (value.get_if<std::string>() != nullptr) return "string";
  if (value.get_if<Bytes>() != nullptr) return "bytes";
  if (value.get_if<Extension>() != nullptr) return "extension";
  if (value.get_if<Value::Array>() != nullptr) return "array";
  if (value.get_if<Value::Object>() != nullptr) return "object";
  return "number";
}

template <class T>
bool read_as(const Value& value, T& out, std::string_view name, Mismatch& mismatch) {
  const T* const content = value.get_if<T>();
  if (content == nullptr) return mismatch.expected(name, value);
  out = *content;
  return true;
}

}  // namespace

const Value* Value::find(std::string_view key) const {
  const Object* const members = get_if<Object>();
  if (members == nullptr) return nullptr;
  const auto found = std::find_if(members->rbegin(), members->rend(), [&](const Member& m) { return m.key == key; });
  return found == members->rend() ? nullptr : &found->value;
}

bool operator==(const Value& a, const Value& b) { return a.data_ == b.data_; }

bool Mismatch::fault(std::string text) {
  text_ = std::move(text);
  return false;
}

bool Mismatch::expected(std::string_view what, const Value& got) {
  return fault("expected " + std::string(what) + ", got " + std::string(kind_name(got)));
}

bool Mismatch::in_field(std::string_view name) {
  const bool more_follows = !path_.empty() && path_[0] != '[';
  path_ = std::string(name) + (more_follows ? "." : "") + path_;
  return false;
}

bool Mismatch::in_item(std::size_t index) {
  const bool more_follows = !path_.empty() && path_[0] != '[';
  path_ = '[' + std::to_string(index) + (more_follows ? "]." : "]") + path_;
  return false;
}

bool Mismatch::in_entry(std::string_view key) { return in_field(key); }

Error Mismatch::error() const {
  return Error(ErrorCode::kCorrupt, (path_.empty() ? "payload: " : "field '" + path_ + "': ") + text_);
}

Result<Value> parse(std::string_view bytes) {
  if (bytes.empty()) return Error(ErrorCode::kCorrupt, "payload is empty: expected JSON or MessagePack");
  return static_cast<unsigned char>(bytes[0]) < 0x80 ? parse_json(bytes) : parse_msgpack(bytes);
}

namespace internal {

bool read_integer(const Value& value, std::int64_t min, std::uint64_t max, std::uint64_t& out, Mismatch& mismatch) {
  const auto out_of_range = [&](const std::string& number) {
    return mismatch.fault(number + " is out of range (" + std::to_string(min) + " to " + std::to_string(max) + ")");
  };
  if (const auto* const small = value.get_if<std::int64_t>()) {
    out = static_cast<std::uint64_t>(*small);
    return (*small >= min && std::cmp_less_equal(*small, max)) || out_of_range(std::to_string(*small));
  }
  if (const auto* const large = value.get_if<std::uint64_t>()) {
    out = *large;
    return *large <= max || out_of_range(std::to_string(*large));
  }
  const auto* const number = value.get_if<double>();
  if (number == nullptr) return mismatch.expected("integer", value);
  // An integer over 64 bits has become a double.
  if (*number >= 0x1p64 || *number < -0x1p63) return out_of_range(number_text(*number));
  return mismatch.fault("expected integer, got " + number_text(*number));
}

bool read_number(const Value& value, double max, double& out, Mismatch& mismatch) {
  if (const auto* const small = value.get_if<std::int64_t>())
    out = static_cast<double>(*small);
  else if (const auto* const large = value.get_if<std::uint64_t>())
    out = static_cast<double>(*large);
  else if (const auto* const number = value.get_if<double>())
    out = *number;
  else
    return mismatch.expected("number", value);
  if (std::isfinite(out) && std::fabs(out) > max) return mismatch.fault(number_text(out) + " is out of range");
  return true;
}

}  // namespace internal

bool Codec<bool>::read(const Value& value, bool& out, Mismatch& mismatch) {
  return read_as(value, out, "bool", mismatch);
}

bool Codec<std::string>::read(const Value& value, std::string& out, Mismatch& mismatch) {
  return read_as(value, out, "string", mismatch);
}

bool Codec<Bytes>::read(const Value& value, Bytes& out, Mismatch& mismatch) {
  const std::string* const text = value.get_if<std::string>();
  if (text == nullptr) return read_as(value, out, "bytes", mismatch);
  std::optional<std::string> bytes = decode_base64(*text);
  if (!bytes) return mismatch.fault("expected base64, got other text");
  out = Bytes(*std::move(bytes));
  return true;
}

}  // namespace windlass::codec
