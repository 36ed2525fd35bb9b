#include "web/body.hpp"

#include <algorithm>

#include "core/text.hpp"

namespace windlass::web {
namespace {

constexpr double kSecondsMax = 9e9;  // of a Duration

Error bad(std::string_view field, const std::string& text) {
  return Error(ErrorCode::kInvalidArgument, "field '" + std::string(field) + "': " + text);
}

}  // namespace

Result<Body> Body::parse(const http::Request& request, std::initializer_list<std::string_view> fields) {
  Result<codec::Value> value = codec::parse_json(request.body);
  if (!value) return Error(ErrorCode::kInvalidArgument, "the body is no JSON: " + value.error().message());
  const auto* object = value->get_if<codec::Value::Object>();
  if (!object) return Error(ErrorCode::kInvalidArgument, "the body must be a JSON object");
  for (const auto& member : *object) {
    if (std::find(fields.begin(), fields.end(), member.key) == fields.end()) return bad(member.key, "there is no such field here");
  }
  return Body(*std::move(value));
}

Result<std::string> Body::text(std::string_view field) const {
  const codec::Value* value = find(field);
  if (!value || value->is_null()) return std::string();
  if (const auto* text = value->get_if<std::string>()) return *text;
  return bad(field, "must be a string");
}

Result<std::optional<std::int64_t>> Body::integer(std::string_view field) const {
  const codec::Value* value = find(field);
  if (!value || value->is_null()) return std::optional<std::int64_t>();
  if (const auto* number = value->get_if<std::int64_t>()) return std::optional(*number);
  return bad(field, "must be an integer");
}

Result<std::optional<Duration>> Body::seconds(std::string_view field) const {
  const codec::Value* value = find(field);
  if (!value || value->is_null()) return std::optional<Duration>();
  double number = -1;
  if (const auto* integer = value->get_if<std::int64_t>()) number = static_cast<double>(*integer);
  if (const auto* real = value->get_if<double>()) number = *real;
  if (!(number >= 0 && number <= kSecondsMax)) return bad(field, "must be a number of seconds, not negative");
  return std::optional(std::chrono::duration_cast<Duration>(std::chrono::duration<double>(number)));
}

Result<std::optional<TimePoint>> Body::time(std::string_view field) const {
  const Result<std::string> written = text(field);
  if (!written) return written.error();
  if (written->empty()) return std::optional<TimePoint>();
  const Result<TimePoint> parsed = core::parse_time(*written);
  if (!parsed) return bad(field, parsed.error().message());
  return std::optional(*parsed);
}

Result<std::vector<std::string>> Body::texts(std::string_view field) const {
  const codec::Value* value = find(field);
  const auto* items = value ? value->get_if<codec::Value::Array>() : nullptr;
  if (!items) return bad(field, "must be an array of strings");
  std::vector<std::string> texts;
  for (const codec::Value& item : *items) {
    const auto* text = item.get_if<std::string>();
    if (!text) return bad(field, "must be an array of strings");
    texts.push_back(*text);
  }
  return texts;
}

}  // namespace windlass::web
