// Structs to and from payloads, as users write them.
#include <windlass/codec.hpp>

#include <cmath>
#include <limits>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "unit/mux/print_value.hpp"

namespace windlass {
namespace {

using namespace std::string_literals;

struct Email {
  std::string to;
  std::string subject;
  std::optional<int> priority;
  std::vector<std::string> cc;
  friend bool operator==(const Email&, const Email&) = default;
};
WINDLASS_FIELDS(Email, to, subject, priority, cc)

// Everything that a field can be.
struct Point {
  double x = 0;
  float y = 0;
  WINDLASS_FIELDS(Point, x, y)
  friend bool operator==(const Point&, const Point&) = default;
};
struct Everything {
  bool flag = false;
  std::int8_t i8 = 0;
  std::uint64_t u64 = 0;
  long long big = 0;
  std::string text;
  codec::Bytes blob;
  std::optional<Point> maybe;
  std::vector<Point> points;
  std::vector<bool> flags;
  std::map<std::string, std::vector<int>> lists;
  codec::Value any;
  friend bool operator==(const Everything&, const Everything&) = default;
};
WINDLASS_FIELDS(Everything, flag, i8, u64, big, text, blob, maybe, points, flags, lists, any)

struct Tree {
  int id = 0;
  std::vector<Tree> children;
};
WINDLASS_FIELDS(Tree, id, children)

template <class T>
T decoded(std::string_view bytes) {
  Result<T> value = codec::decode<T>(bytes);
  EXPECT_TRUE(value) << value.error().message();
  return value ? *std::move(value) : T{};
}

template <class T>
std::string decode_error(std::string_view bytes) {
  const Result<T> value = codec::decode<T>(bytes);
  EXPECT_FALSE(value) << bytes;
  if (value) return "";
  EXPECT_EQ(value.error().code(), ErrorCode::kCorrupt);
  return value.error().message();
}

TEST(Codec, WritesAndReadsAStruct) {
  Email mail;
  mail.to = "a@example.org";
  mail.subject = "gr\xC3\xBC\xC3\x9F \"dich\"";
  mail.cc = {"b", "c"};
  EXPECT_EQ(codec::to_json(mail),
            "{\"to\":\"a@example.org\",\"subject\":\"gr\xC3\xBC\xC3\x9F "
            "\\\"dich\\\"\",\"priority\":null,\"cc\":[\"b\",\"c\"]}");
  EXPECT_EQ(decoded<Email>(codec::to_json(mail)), mail);
  EXPECT_EQ(decoded<Email>(codec::to_msgpack(mail)), mail);
  mail.priority = -7;
  EXPECT_EQ(decoded<Email>(codec::to_json(mail)), mail);
  EXPECT_EQ(decoded<Email>(codec::to_msgpack(mail)), mail);
}

TEST(Codec, EveryKindOfFieldComesBackFromBothFormats) {
  Everything e;
  e.flag = true;
  e.i8 = -128;
  e.u64 = std::numeric_limits<std::uint64_t>::max();
  e.big = std::numeric_limits<long long>::min();
  e.text = "a\nb";
  e.blob = codec::Bytes("\x00\xFF\x80"s);
  e.maybe = Point{.x = 0.1, .y = 0.2F};
  e.points = {Point{.x = 1, .y = 2}, Point{.x = -1e300, .y = 1e-30F}};
  e.flags = {true, false, true};
  e.lists = {{"", {}}, {"odd", {1, 3, 5}}};
  e.any = codec::Value::Object{{"free", codec::Value::Array{1, "x", codec::Value()}}};
  EXPECT_EQ(decoded<Everything>(codec::to_json(e)), e);
  EXPECT_EQ(decoded<Everything>(codec::to_msgpack(e)), e);
}

TEST(Codec, FieldsStandBesideTheStructOrInIt) {
  class Local {
   public:
    explicit Local(int n = 0) : hidden_(n) {}
    int hidden() const { return hidden_; }
    WINDLASS_FIELDS(Local, hidden_)

   private:
    int hidden_;
  };
  EXPECT_EQ(codec::to_json(Local(3)), R"({"hidden_":3})");
  EXPECT_EQ(decoded<Local>(R"({"hidden_":4})").hidden(), 4);
}

struct Nothing {};
WINDLASS_FIELDS(Nothing)
struct Many {
  int f01 = 1, f02 = 2, f03 = 3, f04 = 4, f05 = 5, f06 = 6, f07 = 7, f08 = 8, f09 = 9, f10 = 10, f11 = 11, f12 = 12,
      f13 = 13, f14 = 14, f15 = 15, f16 = 16, f17 = 17, f18 = 18, f19 = 19, f20 = 20, f21 = 21, f22 = 22, f23 = 23,
      f24 = 24, f25 = 25, f26 = 26, f27 = 27, f28 = 28, f29 = 29, f30 = 30, f31 = 31, f32 = 32;
};
WINDLASS_FIELDS(Many, f01, f02, f03, f04, f05, f06, f07, f08, f09, f10, f11, f12, f13, f14, f15, f16, f17, f18, f19,
                f20, f21, f22, f23, f24, f25, f26, f27, f28, f29, f30, f31, f32)

TEST(Codec, AStructMayHaveNoFieldsOrThirtyTwo) {
  EXPECT_EQ(codec::to_json(Nothing()), "{}");
  decoded<Nothing>(R"({"a":1})");
  EXPECT_EQ(decoded<Many>(codec::to_msgpack(Many())).f32, 32);
  EXPECT_EQ(decode_error<Many>(R"({"f01":1})"), "field 'f02': missing");
}

TEST(Codec, TheFirstByteTellsTheFormat) {
  EXPECT_EQ(decoded<std::vector<int>>("[1,2]"), (std::vector{1, 2}));
  EXPECT_EQ(decoded<std::vector<int>>("\x92\x01\x02"), (std::vector{1, 2}));
  EXPECT_EQ(decoded<std::string>("\xA1x"), "x");
  EXPECT_EQ(decoded<int>(" 5 "), 5);
  EXPECT_EQ(decode_error<int>(""), "payload is empty: expected JSON or MessagePack");
}

TEST(Codec, UnknownFieldsArePassedOverAndTheLastOfTwoCounts) {
  const Email mail = decoded<Email>(R"({"x":{"to":1},"to":1,"subject":"s","cc":[],"to":"last"})");
  EXPECT_EQ(mail.to, "last");
  EXPECT_EQ((decoded<std::map<std::string, int>>(R"({"a":1,"b":2,"a":3})")),
            (std::map<std::string, int>{{"a", 3}, {"b", 2}}));
  // An extension in a field that nobody asks for: {"when": ext -1, "x": 1, "y": 2}.
  EXPECT_EQ(decoded<Point>("\x83\xA4when\xD6\xFF"
                           "abcd\xA1x\x01\xA1y\x02")
                .y,
            2);
}

TEST(Codec, AnOptionalIsEmptyWhereItIsNullOrMissing) {
  EXPECT_EQ(decoded<Email>(R"({"to":"","subject":"","cc":[],"priority":null})").priority, std::nullopt);
  EXPECT_EQ(decoded<Email>(R"({"to":"","subject":"","cc":[]})").priority, std::nullopt);
  EXPECT_EQ(decoded<Email>(R"({"to":"","subject":"","cc":[],"priority":0})").priority, 0);
}

TEST(CodecErrors, NameTheFieldAndWhatIsThere) {
  EXPECT_EQ(decode_error<Email>(R"({"to":1,"subject":"","cc":[]})"), "field 'to': expected string, got number");
  EXPECT_EQ(decode_error<Email>(R"({"to":"","subject":null,"cc":[]})"), "field 'subject': expected string, got null");
  EXPECT_EQ(decode_error<Email>(R"({"to":"","cc":[]})"), "field 'subject': missing");
  EXPECT_EQ(decode_error<Email>(R"({"to":"","subject":"","cc":["a","b",true]})"),
            "field 'cc[2]': expected string, got bool");
  EXPECT_EQ(decode_error<Email>(R"({"to":"","subject":"","cc":{}})"), "field 'cc': expected array, got object");
  EXPECT_EQ(decode_error<Email>(R"({"to":"","subject":"","cc":[],"priority":"1"})"),
            "field 'priority': expected integer, got string");
  EXPECT_EQ(decode_error<Email>("[]"), "payload: expected object, got array");
  EXPECT_EQ(decode_error<bool>("0"), "payload: expected bool, got number");
}

TEST(CodecErrors, NameThePathOfWhatIsNested) {
  EXPECT_EQ(decode_error<Tree>(R"({"id":1,"children":[{"id":2,"children":[]},{"id":3,"children":[{"id":"x"}]}]})"),
            "field 'children[1].children[0].id': expected integer, got string");
  EXPECT_EQ(decode_error<std::vector<std::vector<int>>>("[[1],[2,null]]"),
            "field '[1][1]': expected integer, got null");
  EXPECT_EQ((decode_error<std::map<std::string, std::vector<Point>>>(R"({"way":[{"x":1}]})")),
            "field 'way[0].y': missing");
}

TEST(CodecErrors, IntegersOutOfRangeAreRefused) {
  EXPECT_EQ(decoded<std::int8_t>("-128"), -128);
  EXPECT_EQ(decode_error<std::int8_t>("-129"), "payload: -129 is out of range (-128 to 127)");
  EXPECT_EQ(decode_error<std::int8_t>("128"), "payload: 128 is out of range (-128 to 127)");
  EXPECT_EQ(decode_error<std::uint8_t>("256"), "payload: 256 is out of range (0 to 255)");
  EXPECT_EQ(decode_error<unsigned>("-1"), "payload: -1 is out of range (0 to 4294967295)");
  EXPECT_EQ(decode_error<std::uint64_t>("-1"), "payload: -1 is out of range (0 to 18446744073709551615)");
  EXPECT_EQ(decoded<std::uint64_t>("18446744073709551615"), std::numeric_limits<std::uint64_t>::max());
  EXPECT_EQ(decode_error<std::int64_t>("9223372036854775808"),
            "payload: 9223372036854775808 is out of range (-9223372036854775808 to 9223372036854775807)");
  EXPECT_EQ(decode_error<std::uint64_t>("18446744073709551616"),
            "payload: 18446744073709551616.0 is out of range (0 to 18446744073709551615)");
}

TEST(CodecErrors, AFractionIsNoInteger) {
  EXPECT_EQ(decode_error<int>("1.5"), "payload: expected integer, got 1.5");
  EXPECT_EQ(decode_error<int>("1e3"), "payload: expected integer, got 1000.0");
  EXPECT_EQ(decode_error<int>(codec::to_msgpack(codec::Value(0.5))), "payload: expected integer, got 0.5");
}

TEST(Codec, NumbersTakeIntegersAndRoundToWhatTheyAre) {
  EXPECT_EQ(decoded<double>("5"), 5.0);
  EXPECT_EQ(decoded<double>("18446744073709551615"), 0x1p64);
  EXPECT_EQ(decoded<float>("0.1"), 0.1F);
  EXPECT_EQ(decode_error<float>("1e39"), "payload: 1e+39 is out of range");
  EXPECT_EQ(decode_error<double>("\"1\""), "payload: expected number, got string");
  EXPECT_TRUE(std::isinf(decoded<float>(codec::to_msgpack(HUGE_VAL)))) << "infinity is a float, too";
}

TEST(Codec, BytesAreBase64InJsonAndBinInMessagePack) {
  const std::vector<codec::Bytes> blobs = {codec::Bytes("foob"), codec::Bytes()};
  EXPECT_EQ(codec::to_json(blobs), R"(["Zm9vYg==",""])");
  EXPECT_EQ(codec::to_msgpack(blobs),
            "\x92\xC4\x04"
            "foob\xC4\x00"s);
  EXPECT_EQ(decoded<codec::Bytes>("\xA4Zm9v"), codec::Bytes("foo")) << "a string is base64 in MessagePack as well";
  EXPECT_EQ(decode_error<codec::Bytes>(R"("Zm9")"), "payload: expected base64, got other text");
  EXPECT_EQ(decode_error<codec::Bytes>("1"), "payload: expected bytes, got number");
  EXPECT_EQ(decode_error<std::string>("\xC4\x01x"), "payload: expected string, got bytes");
  EXPECT_EQ(decode_error<std::string>("\xD4\x05x"), "payload: expected string, got extension");
}

TEST(CodecErrors, BrokenPayloadsSayWhere) {
  EXPECT_EQ(decode_error<Email>(R"({"to":"a")"), "payload is not valid JSON: incomplete JSON at byte 9");
  EXPECT_EQ(decode_error<Email>("\x81\xA2to"),
            "payload is not valid MessagePack: ends in the middle of a value at byte 4");
}

enum class Colour { kRed, kGreen };

}  // namespace

// A user's own type.
template <>
struct codec::Codec<Colour> {
  static bool read(const Value& value, Colour& out, Mismatch& mismatch) {
    const std::string* const name = value.get_if<std::string>();
    if (name == nullptr) return mismatch.expected("colour", value);
    if (*name != "red" && *name != "green") return mismatch.fault("'" + *name + "' is no colour");
    out = *name == "red" ? Colour::kRed : Colour::kGreen;
    return true;
  }
  static Value write(Colour value) { return value == Colour::kRed ? "red" : "green"; }
};

namespace {

struct Wall {
  Colour colour = Colour::kRed;
  WINDLASS_FIELDS(Wall, colour)
};

TEST(Codec, ASpecialisationTeachesATypeOfOnesOwn) {
  EXPECT_EQ(codec::to_json(Wall{Colour::kGreen}), R"({"colour":"green"})");
  EXPECT_EQ(decoded<Wall>(R"({"colour":"green"})").colour, Colour::kGreen);
  EXPECT_EQ(decode_error<Wall>(R"({"colour":"loud"})"), "field 'colour': 'loud' is no colour");
}

}  // namespace
}  // namespace windlass
