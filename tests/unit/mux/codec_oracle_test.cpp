// Our MessagePack and JSON against those of nlohmann-json, with random values.
#include <windlass/codec.hpp>

#include <bit>
#include <cmath>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "base/random.hpp"
#include "support/seed.hpp"
#include "unit/mux/print_value.hpp"

namespace windlass::codec {
namespace {

using Oracle = nlohmann::ordered_json;
constexpr int kRounds = 3000;

// Random trees, of all kinds and of sizes around the borders of the formats.
class Maker {
 public:
  explicit Maker(std::uint64_t seed) : random_(seed) {}

  Value value(int depth = 0) {
    switch (random_.below(depth < 4 ? 10 : 7)) {
      case 0: return {};
      case 1: return random_.below(2) == 1;
      case 2: return static_cast<std::int64_t>(random_.next() >> random_.below(64));
      case 3: return -static_cast<std::int64_t>(random_.next() >> (1 + random_.below(63)));
      case 4: return random_.next() >> random_.below(64);
      case 5: return number();
      case 6: return text();
      default: return random_.below(2) == 1 ? array(depth) : object(depth);
    }
  }
  Value bytes() {
    std::string data;
    for (std::size_t n = size(); n > 0; --n) data += static_cast<char>(random_.below(256));
    return Bytes(data);
  }
  std::size_t below(std::size_t bound) { return random_.below(bound); }

 private:
  std::size_t size() { return random_.below(20) == 0 ? 250 + random_.below(12) : random_.below(40); }
  std::size_t count() { return random_.below(10) == 0 ? 14 + random_.below(5) : random_.below(5); }

  double number() {
    for (;;) {
      const double wide = std::bit_cast<double>(random_.next());
      const double number = random_.below(3) == 0 ? static_cast<double>(static_cast<float>(random_.unit())) : wide;
      if (std::isfinite(number)) return number;
    }
  }
  std::string text() {
    static constexpr std::string_view kParts[] = {"a",  "z",    " ",        "\"",           "\\",
                                                  "\n", "\x01", "\xC3\xBC", "\xE2\x82\xAC", "\xF0\x9F\x98\x80"};
    std::string text;
    for (std::size_t n = size(); n > 0; --n) text += kParts[random_.below(std::size(kParts))];
    return text;
  }
  Value array(int depth) {
    Value::Array items;
    for (std::size_t n = count(); n > 0; --n) items.push_back(value(depth + 1));
    return items;
  }
  // Keys are all different: nlohmann's objects hold each once.
  Value object(int depth) {
    Value::Object members;
    for (std::size_t n = count(); n > 0; --n) members.push_back({text() + std::to_string(n), value(depth + 1)});
    return members;
  }

  base::Random random_;
};

Oracle to_oracle(const Value& value) {
  if (const auto* b = value.get_if<bool>()) return *b;
  if (const auto* u = value.get_if<std::uint64_t>()) return *u;
  if (const auto* d = value.get_if<double>()) return *d;
  if (const auto* s = value.get_if<std::string>()) return *s;
  // nlohmann keeps what is not negative as unsigned when it reads; so do we when we compare.
  if (const auto* i = value.get_if<std::int64_t>()) return *i < 0 ? Oracle(*i) : Oracle(static_cast<std::uint64_t>(*i));
  if (const auto* bytes = value.get_if<Bytes>()) return Oracle::binary({bytes->data.begin(), bytes->data.end()});
  if (const auto* items = value.get_if<Value::Array>()) {
    Oracle array = Oracle::array();
    for (const Value& item : *items) array.push_back(to_oracle(item));
    return array;
  }
  if (const auto* members = value.get_if<Value::Object>()) {
    Oracle object = Oracle::object();
    for (const auto& [key, member] : *members) object[key] = to_oracle(member);
    return object;
  }
  return nullptr;
}

std::string oracle_msgpack(const Value& value) {
  const std::vector<std::uint8_t> bytes = Oracle::to_msgpack(to_oracle(value));
  return std::string(bytes.begin(), bytes.end());
}

TEST(CodecOracle, MessagePackIsTheSameBytesAndReadsTheSame) {
  const std::uint64_t seed = testing::test_seed();
  SCOPED_TRACE(testing::replay(seed));
  Maker make(seed);
  for (int i = 0; i < kRounds; ++i) {
    const Value value = Value::Array{make.value(), make.bytes()};
    const std::string bytes = write_msgpack(value);
    ASSERT_EQ(bytes, oracle_msgpack(value));
    ASSERT_EQ(Oracle::from_msgpack(bytes), to_oracle(value));
    const Result<Value> back = parse_msgpack(bytes);
    ASSERT_TRUE(back) << back.error().message();
    ASSERT_EQ(*back, value);
  }
}

TEST(CodecOracle, JsonReadsTheSameInBothDirections) {
  const std::uint64_t seed = testing::test_seed();
  SCOPED_TRACE(testing::replay(seed));
  Maker make(seed);
  for (int i = 0; i < kRounds; ++i) {
    const Value value = make.value();
    const Oracle oracle = to_oracle(value);
    ASSERT_EQ(Oracle::parse(write_json(value)), oracle);
    const Result<Value> back = parse_json(oracle.dump(make.below(2) == 0 ? -1 : 2));
    ASSERT_TRUE(back) << back.error().message();
    ASSERT_EQ(*back, value);
  }
}

// What the two readers make of damaged bytes: both refuse, or both read the same. Never a crash or a sanitizer's
// report.
TEST(CodecOracle, DamagedMessagePackIsReadTheSameOrRefused) {
  const std::uint64_t seed = testing::test_seed();
  SCOPED_TRACE(testing::replay(seed));
  Maker make(seed);
  int accepted = 0;
  for (int i = 0; i < 5 * kRounds; ++i) {
    std::string bytes = write_msgpack(Value::Array{make.value(), make.bytes()});
    for (std::size_t n = 1 + make.below(3); n > 0; --n)
      bytes[make.below(bytes.size())] = static_cast<char>(make.below(256));
    const Result<Value> value = parse_msgpack(bytes);
    const Oracle oracle = Oracle::from_msgpack(bytes, true, false);
    if (!value) continue;
    ++accepted;
    ASSERT_FALSE(oracle.is_discarded()) << ::testing::PrintToString(bytes);
    ASSERT_EQ(parse_msgpack(write_msgpack(*value)).ok(), true);
  }
  EXPECT_GT(accepted, 0) << "no damage left the bytes readable: the test tests nothing";
}

}  // namespace
}  // namespace windlass::codec
