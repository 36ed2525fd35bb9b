// Typed payloads: structs to and from JSON and MessagePack.
//
//   struct Email { std::string to; std::string subject; std::optional<int> priority; std::vector<std::string> cc; };
//   WINDLASS_FIELDS(Email, to, subject, priority, cc)      // in the namespace of the struct, or inside it
//
//   client.enqueue(windlass::Task("email:send", windlass::codec::to_json(mail)));
//   mux.handle<Email>("email:send", [](windlass::Context&, const Email& mail) { send(mail); });
//
// Fields may be: bool, integers, float and double, std::string, Bytes, std::optional, std::vector, std::map with
// std::string keys, structs with WINDLASS_FIELDS, and Value for what has no fixed shape. For a type of your own,
// specialise Codec.
//
// None of this is needed by those who bring a JSON library of their own: a plain handler gets the bytes of the payload
// (ctx.payload().bytes()), and a Task takes any bytes.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include <windlass/error.hpp>

namespace windlass::codec {

// Arrays and objects within each other, the outermost included, that are read. A payload that goes deeper is refused.
inline constexpr int kDepthMax = 64;

// Binary data. In JSON a string in base64 (RFC 4648 §4, padded), in MessagePack a bin.
struct Bytes {
  std::string data;

  Bytes() {}  // NOLINT(modernize-use-equals-default): g++ 12 destroys aggregates twice around co_await
  explicit Bytes(std::string bytes) : data(std::move(bytes)) {}
  friend bool operator==(const Bytes&, const Bytes&) = default;
};

// A MessagePack extension, kept as it came. JSON has none: there it is written as {"ext":type,"data":base64}.
struct Extension {
  std::int8_t type = 0;
  std::string data;

  Extension() {}  // NOLINT(modernize-use-equals-default): as Bytes
  Extension(std::int8_t t, std::string bytes) : type(t), data(std::move(bytes)) {}
  friend bool operator==(const Extension&, const Extension&) = default;
};

// Every integer type but bool and the character types (std::int8_t and std::uint8_t count as integers).
template <class T>
concept Integer = std::integral<T> && !std::same_as<T, bool> && !std::same_as<T, char> && !std::same_as<T, wchar_t> &&
                  !std::same_as<T, char8_t> && !std::same_as<T, char16_t> && !std::same_as<T, char32_t>;

// A tree of what a payload holds: null, bool, integer, floating-point number, string, bytes, extension, array or
// object. Thread-compatible value.
class Value {
 public:
  struct Member;
  // The two kinds that hold others.
  using Array = std::vector<Value>;
  using Object = std::vector<Member>;  // in the order written; where a key comes twice, the last one counts

  // Implicit, so that trees can be written down: Value::Array{1, "two", 3.5}.
  Value();  // null
  Value(std::same_as<bool> auto value);  // NOLINT(google-explicit-constructor)
  template <Integer T>
  Value(T value);                              // NOLINT(google-explicit-constructor)
  Value(std::floating_point auto value);       // NOLINT(google-explicit-constructor)
  Value(const char* text);                     // NOLINT(google-explicit-constructor)
  Value(std::string text);                     // NOLINT(google-explicit-constructor)
  Value(Bytes bytes);                          // NOLINT(google-explicit-constructor)
  Value(Extension extension);                  // NOLINT(google-explicit-constructor)
  Value(Array items);                          // NOLINT(google-explicit-constructor)
  Value(Object members);                       // NOLINT(google-explicit-constructor)

  bool is_null() const { return data_.index() == 0; }
  // The content if it is a T, else nullptr. T: bool, std::int64_t, std::uint64_t (only for what is over the range of
  // std::int64_t), double, std::string, Bytes, Extension, Array, Object.
  template <class T>
  const T* get_if() const { return std::get_if<T>(&data_); }
  // The member `key`; nullptr if there is none or this is no object.
  const Value* find(std::string_view key) const;

  friend bool operator==(const Value& a, const Value& b);

 private:
  std::variant<std::monostate, bool, std::int64_t, std::uint64_t, double, std::string, Bytes, Extension, Array, Object>
      data_;
};

// One member of an object.
struct Value::Member {
  std::string key;
  Value value;
  friend bool operator==(const Member&, const Member&) = default;
};

// Here, because data_ can only be filled where Member is complete.
inline Value::Value() = default;
Value::Value(std::same_as<bool> auto value) : data_(value) {}
template <Integer T>
Value::Value(T value) {
  if (std::in_range<std::int64_t>(value)) data_ = static_cast<std::int64_t>(value);
  else data_ = static_cast<std::uint64_t>(value);
}
Value::Value(std::floating_point auto value) : data_(static_cast<double>(value)) {}
inline Value::Value(const char* text) : data_(std::string(text)) {}
inline Value::Value(std::string text) : data_(std::move(text)) {}
inline Value::Value(Bytes bytes) : data_(std::move(bytes)) {}
inline Value::Value(Extension extension) : data_(std::move(extension)) {}
inline Value::Value(Array items) : data_(std::move(items)) {}
inline Value::Value(Object members) : data_(std::move(members)) {}

// One value that fills all of `text` but white space. Integers keep 64 bits, signed or unsigned; other numbers become
// the nearest double.
// Errors: kCorrupt (no JSON, invalid UTF-8, more than one value, too deep), with the place.
Result<Value> parse_json(std::string_view text);
// One value that fills all of `bytes`. Text is taken as it is, also if it is not UTF-8.
// Errors: kCorrupt (no MessagePack, a map key that is no string, bytes left over, too deep), with the place.
Result<Value> parse_msgpack(std::string_view bytes);
// MessagePack if the first byte is 0x80 or more, as in every map and array, and as in no JSON text; else JSON.
Result<Value> parse(std::string_view bytes);

// Always valid JSON: invalid UTF-8 in text becomes U+FFFD, and a number that is not finite becomes null.
std::string write_json(const Value& value);
// The shortest form of each value.
std::string write_msgpack(const Value& value);

// What in a value does not fit the type it is read into, and where. Filled from the inside out: who finds the fault
// says what it is, and each level on the way out adds its step. Thread-compatible.
class Mismatch {
 public:
  // These return false, so that a reader can `return mismatch.expected("string", value);`.
  bool fault(std::string text);
  // "expected <what>, got <what it is>".
  bool expected(std::string_view what, const Value& got);
  // Add a step on the way out: a field, an item of an array, an entry of a map.
  bool in_field(std::string_view name);
  bool in_item(std::size_t index);
  bool in_entry(std::string_view key);

  // "field 'cc[2]': expected string, got number", with kCorrupt.
  Error error() const;

 private:
  std::string path_;
  std::string text_;
};

// How a T is read and written. Specialise it for types of your own with these two static functions:
//
//   static bool read(const Value& value, T& out, Mismatch& mismatch);   // false: mismatch says why
//   static Value write(const T& value);
template <class T>
struct Codec {
  static_assert(sizeof(T) == 0, "windlass::codec cannot read or write this type: give it WINDLASS_FIELDS or a Codec");
};

namespace internal {

template <class T>
struct FieldsOf {};

template <class Struct, class Type>
struct Field {
  const char* name;
  Type Struct::*member;
};
template <class Struct, class Type>
constexpr Field<Struct, Type> make_field(const char* name, Type Struct::*member) { return {name, member}; }

template <class T>
concept HasFieldsInside = requires(T& object) { object.windlass_fields(FieldsOf<T>{}); };
template <class T>
concept HasFieldsBeside = !HasFieldsInside<T> && requires { windlass_fields(FieldsOf<T>{}); };

// The tuple of T's Fields. `object` is only there because what WINDLASS_FIELDS makes inside a struct is a member
// function.
template <class T>
constexpr auto fields_of([[maybe_unused]] T& object) {
  if constexpr (HasFieldsInside<T>) return object.windlass_fields(FieldsOf<T>{});
  else return windlass_fields(FieldsOf<T>{});
}

template <class T>
inline constexpr bool kIsOptional = false;
template <class T>
inline constexpr bool kIsOptional<std::optional<T>> = true;

// An integer within [min, max]; `out` gets its bits, those of a negative one in two's complement.
bool read_integer(const Value& value, std::int64_t min, std::uint64_t max, std::uint64_t& out, Mismatch& mismatch);
bool read_number(const Value& value, double max, double& out, Mismatch& mismatch);

template <class Struct, class Type>
bool read_field(const Value& object, const Field<Struct, Type>& field, Struct& out, Mismatch& mismatch) {
  const Value* const value = object.find(field.name);
  if (value != nullptr) return Codec<Type>::read(*value, out.*field.member, mismatch) || mismatch.in_field(field.name);
  if constexpr (kIsOptional<Type>) {
    out.*field.member = std::nullopt;
    return true;
  } else {
    mismatch.fault("missing");
    return mismatch.in_field(field.name);
  }
}

}  // namespace internal

template <class T>
  requires internal::HasFieldsInside<T> || internal::HasFieldsBeside<T>
struct Codec<T> {
  static bool read(const Value& value, T& out, Mismatch& mismatch) {
    if (value.get_if<Value::Object>() == nullptr) return mismatch.expected("object", value);
    return std::apply([&](const auto&... field) { return (internal::read_field(value, field, out, mismatch) && ...); },
                      internal::fields_of(out));
  }
  static Value write(const T& value) {
    Value::Object object;
    const auto add = [&]<class S, class F>(const internal::Field<S, F>& field) {
      object.push_back({field.name, Codec<F>::write(value.*field.member)});
    };
    std::apply([&](const auto&... field) { (add(field), ...); }, internal::fields_of(const_cast<T&>(value)));
    return object;
  }
};

template <>
struct Codec<bool> {
  static bool read(const Value& value, bool& out, Mismatch& mismatch);
  static Value write(bool value) { return value; }
};

template <Integer T>
struct Codec<T> {
  static bool read(const Value& value, T& out, Mismatch& mismatch) {
    using Limits = std::numeric_limits<T>;
    std::uint64_t number = 0;
    if (!internal::read_integer(value, Limits::min(), Limits::max(), number, mismatch)) return false;
    out = static_cast<T>(number);
    return true;
  }
  static Value write(T value) { return value; }
};

// Takes integers too. A number over the range of T is an error; one that T cannot hold exactly is rounded.
template <class T>
  requires std::same_as<T, float> || std::same_as<T, double>
struct Codec<T> {
  static bool read(const Value& value, T& out, Mismatch& mismatch) {
    double number = 0;
    constexpr auto kMax = static_cast<double>(std::numeric_limits<T>::max());
    if (!internal::read_number(value, kMax, number, mismatch)) return false;
    out = static_cast<T>(number);
    return true;
  }
  static Value write(T value) { return value; }
};

template <>
struct Codec<std::string> {
  static bool read(const Value& value, std::string& out, Mismatch& mismatch);
  static Value write(const std::string& value) { return value; }
};

// Reads a bin, or a string in base64 (also where the string comes from MessagePack).
template <>
struct Codec<Bytes> {
  static bool read(const Value& value, Bytes& out, Mismatch& mismatch);
  static Value write(const Bytes& value) { return value; }
};

template <>
struct Codec<Value> {
  static bool read(const Value& value, Value& out, Mismatch&) {
    out = value;
    return true;
  }
  static Value write(const Value& value) { return value; }
};

// Empty = null or, in an object, not there; written as null.
template <class T>
struct Codec<std::optional<T>> {
  static bool read(const Value& value, std::optional<T>& out, Mismatch& mismatch) {
    if (!value.is_null()) return Codec<T>::read(value, out.emplace(), mismatch);
    out.reset();
    return true;
  }
  static Value write(const std::optional<T>& value) { return value ? Codec<T>::write(*value) : Value(); }
};

template <class T>
struct Codec<std::vector<T>> {
  static bool read(const Value& value, std::vector<T>& out, Mismatch& mismatch) {
    const auto* const items = value.get_if<Value::Array>();
    if (items == nullptr) return mismatch.expected("array", value);
    out.clear();
    out.reserve(items->size());
    for (const Value& item : *items) {
      T element{};
      if (!Codec<T>::read(item, element, mismatch)) return mismatch.in_item(out.size());
      out.push_back(std::move(element));
    }
    return true;
  }
  static Value write(const std::vector<T>& value) {
    Value::Array items;
    items.reserve(value.size());
    for (const T& element : value) items.push_back(Codec<T>::write(element));
    return items;
  }
};

template <class T>
struct Codec<std::map<std::string, T>> {
  static bool read(const Value& value, std::map<std::string, T>& out, Mismatch& mismatch) {
    const auto* const members = value.get_if<Value::Object>();
    if (members == nullptr) return mismatch.expected("object", value);
    out.clear();
    for (const auto& [key, member] : *members) {
      T& element = out[key] = T{};
      if (!Codec<T>::read(member, element, mismatch)) return mismatch.in_entry(key);
    }
    return true;
  }
  static Value write(const std::map<std::string, T>& value) {
    Value::Object members;
    for (const auto& [key, element] : value) members.push_back({key, Codec<T>::write(element)});
    return members;
  }
};

// The T that a payload holds, in JSON or MessagePack (see parse). Unknown fields are passed over; of a key that comes
// twice the last one counts. REQUIRES: T has a default constructor.
// Errors: kCorrupt (see parse_json, parse_msgpack and Mismatch).
template <class T>
Result<T> decode(std::string_view bytes) {
  const Result<Value> value = parse(bytes);
  if (!value) return value.error();
  T out{};
  Mismatch mismatch;
  if (!Codec<T>::read(*value, out, mismatch)) return mismatch.error();
  return out;
}

// A payload of a value: as write_json and write_msgpack write it.
template <class T>
std::string to_json(const T& value) { return write_json(Codec<T>::write(value)); }
template <class T>
std::string to_msgpack(const T& value) { return write_msgpack(Codec<T>::write(value)); }

}  // namespace windlass::codec

// WINDLASS_FIELDS(Struct, field, ...): makes Struct readable and writable by windlass::codec, each field under its own
// name. Stands in the namespace of the struct, after it, or inside it (where it reaches private fields, and works for
// structs in functions). At most 64 fields.
#define WINDLASS_FIELDS(Struct, ...)                                                                               \
  constexpr auto windlass_fields(::windlass::codec::internal::FieldsOf<Struct>) {                                  \
    return ::std::make_tuple(__VA_OPT__(WINDLASS_INTERNAL_RESCAN(WINDLASS_INTERNAL_FIELDS(Struct, __VA_ARGS__)))); \
  }

// One field, then, deferred to the next rescan, the others.
#define WINDLASS_INTERNAL_FIELDS(Struct, field, ...)                      \
  ::windlass::codec::internal::make_field(#field, &Struct::field)         \
  __VA_OPT__(, WINDLASS_INTERNAL_FIELDS_AGAIN WINDLASS_INTERNAL_PARENS (Struct, __VA_ARGS__))
#define WINDLASS_INTERNAL_FIELDS_AGAIN() WINDLASS_INTERNAL_FIELDS
#define WINDLASS_INTERNAL_PARENS ()
#define WINDLASS_INTERNAL_RESCAN(...) \
  WINDLASS_INTERNAL_RESCAN_2(         \
      WINDLASS_INTERNAL_RESCAN_2(WINDLASS_INTERNAL_RESCAN_2(WINDLASS_INTERNAL_RESCAN_2(__VA_ARGS__))))
#define WINDLASS_INTERNAL_RESCAN_2(...) \
  WINDLASS_INTERNAL_RESCAN_1(           \
      WINDLASS_INTERNAL_RESCAN_1(WINDLASS_INTERNAL_RESCAN_1(WINDLASS_INTERNAL_RESCAN_1(__VA_ARGS__))))
#define WINDLASS_INTERNAL_RESCAN_1(...) \
  WINDLASS_INTERNAL_RESCAN_0(           \
      WINDLASS_INTERNAL_RESCAN_0(WINDLASS_INTERNAL_RESCAN_0(WINDLASS_INTERNAL_RESCAN_0(__VA_ARGS__))))
#define WINDLASS_INTERNAL_RESCAN_0(...) __VA_ARGS__
