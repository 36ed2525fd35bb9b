// JSON to and from codec::Value. The grammar is Boost.JSON's; the tree, the depth and what becomes of numbers are ours.
#include <windlass/codec.hpp>

#include <charconv>
#include <cmath>

#include <boost/json/basic_parser_impl.hpp>

#include "base/json_text.hpp"
#include "mux/base64.hpp"
#include "mux/number_text.hpp"

namespace windlass::codec {
namespace {

// Builds the tree from the parser's events. The functions on_... are named and called by boost::json::basic_parser; all
// return false to stop the parse.
class TreeBuilder {
 public:
  using Code = boost::json::error_code;
  using Text = boost::json::string_view;
  static constexpr std::size_t max_object_size = static_cast<std::size_t>(-1);
  static constexpr std::size_t max_array_size = static_cast<std::size_t>(-1);
  static constexpr std::size_t max_key_size = static_cast<std::size_t>(-1);
  static constexpr std::size_t max_string_size = static_cast<std::size_t>(-1);

  Value take() { return std::move(root_); }

  bool on_document_begin(Code&) { return true; }
  bool on_document_end(Code&) { return true; }
  bool on_array_begin(Code&) { return open(Value::Array()); }
  bool on_array_end(std::size_t, Code&) { return close(); }
  bool on_object_begin(Code&) { return open(Value::Object()); }
  bool on_object_end(std::size_t, Code&) { return close(); }
  bool on_string_part(Text part, std::size_t, Code&) { return gather(part); }
  bool on_string(Text part, std::size_t, Code&) { return gather(part) && add(std::exchange(text_, {})); }
  bool on_key_part(Text part, std::size_t, Code&) { return gather(part); }
  bool on_key(Text part, std::size_t, Code&) {
    gather(part);
    levels_.back().key = std::exchange(text_, {});
    return true;
  }
  bool on_number_part(Text, Code&) { return true; }
  bool on_int64(std::int64_t number, Text, Code&) { return add(number); }
  bool on_uint64(std::uint64_t number, Text, Code&) { return add(number); }
  bool on_double(double number, Text text, Code& error);
  bool on_bool(bool value, Code&) { return add(value); }
  bool on_null(Code&) { return add(Value()); }
  bool on_comment_part(Text, Code&) { return true; }
  bool on_comment(Text, Code&) { return true; }

 private:
  // An array or object that is being read. `key` is that of the member that comes next.
  struct Level {
    std::variant<Value::Array, Value::Object> content;
    std::string key;
  };

  bool gather(Text part) {
    text_.append(part.data(), part.size());
    return true;
  }
  bool open(std::variant<Value::Array, Value::Object> content) {
    levels_.push_back({std::move(content), {}});
    return true;
  }
  bool close() {
    Level done = std::move(levels_.back());
    levels_.pop_back();
    return std::visit([&](auto&& content) { return add(std::move(content)); }, std::move(done.content));
  }
  bool add(Value value) {
    if (levels_.empty()) {
      root_ = std::move(value);
    } else if (auto* const items = std::get_if<Value::Array>(&levels_.back().content)) {
      items->push_back(std::move(value));
    } else {
      Level& level = levels_.back();
      std::get<Value::Object>(level.content).push_back({std::move(level.key), std::move(value)});
    }
    return true;
  }

  Value root_;
  std::vector<Level> levels_;
  std::string text_;
};

// The parser's own conversion may be off in the last bit (Boost.JSON 1.81), so the digits are read again.
bool TreeBuilder::on_double(double nearly, Text text, Code& error) {
  double exact = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, problem] = std::from_chars(text.data(), end, exact);
  if (problem == std::errc() && stop == end) return add(exact);
  // from_chars calls "out of range" also what is too small to be told from 0.
  if (problem == std::errc::result_out_of_range && std::fabs(nearly) < 1) return add(nearly);
  error = boost::json::error::exponent_overflow;
  return false;
}

Error no_json(std::string_view what, std::size_t place) {
  return Error(ErrorCode::kCorrupt,
               "payload is not valid JSON: " + std::string(what) + " at byte " + std::to_string(place));
}

void write_value(std::string& out, const Value& value);

void write_array(std::string& out, const Value::Array& items) {
  out += '[';
  for (const Value& item : items) {
    if (&item != items.data()) out += ',';
    write_value(out, item);
  }
  out += ']';
}

void write_object(std::string& out, const Value::Object& members) {
  out += '{';
  for (const Value::Member& member : members) {
    if (&member != members.data()) out += ',';
    base::append_json_string(out, member.key);
    out += ':';
    write_value(out, member.value);
  }
  out += '}';
}

void write_value(std::string& out, const Value& value) {
  if (value.is_null())
    out += "null";
  else if (const auto* b = value.get_if<bool>())
    out += *b ? "true" : "false";
  else if (const auto* i = value.get_if<std::int64_t>())
    out += std::to_string(*i);
  else if (const auto* u = value.get_if<std::uint64_t>())
    out += std::to_string(*u);
  else if (const auto* d = value.get_if<double>())
    out += std::isfinite(*d) ? number_text(*d) : "null";
  else if (const auto* s = value.get_if<std::string>())
    base::append_json_string(out, *s);
  else if (const auto* bytes = value.get_if<Bytes>())
    out += '"' + encode_base64(bytes->data) + '"';
  else if (const auto* items = value.get_if<Value::Array>())
    write_array(out, *items);
  else if (const auto* members = value.get_if<Value::Object>())
    write_object(out, *members);
  else if (const auto* ext = value.get_if<Extension>()) {
    out += R"({"ext":)" + std::to_string(ext->type) + R"(,"data":")" + encode_base64(ext->data) + R"("})";
  }
}

}  // namespace

Result<Value> parse_json(std::string_view text) {
  boost::json::parse_options options;
  options.max_depth = kDepthMax;
  boost::json::basic_parser<TreeBuilder> parser(options);
  boost::json::error_code error;
  const std::size_t used = parser.write_some(false, text.data(), text.size(), error);
  if (error) return no_json(error.message(), used);
  if (used < text.size()) return no_json("more than one value", used);
  return parser.handler().take();
}

std::string write_json(const Value& value) {
  std::string out;
  write_value(out, value);
  return out;
}

}  // namespace windlass::codec
