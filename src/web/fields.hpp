// Fields: builds a JSON object, field by field.
#pragma once

#include <string>
#include <string_view>
#include <utility>

#include <windlass/codec.hpp>
#include <windlass/time.hpp>

namespace windlass::web {

// RFC 3339, UTC; "" for kNoTime, as asynqmon has it.
std::string time_text(TimePoint t);

// Thread-compatible.
class Fields {
 public:
  Fields& add(std::string key, codec::Value value) {
    members_.push_back({std::move(key), std::move(value)});
    return *this;
  }
  Fields& text(std::string key, std::string_view value) { return add(std::move(key), codec::Value(std::string(value))); }
  Fields& time(std::string key, TimePoint t) { return text(std::move(key), time_text(t)); }
  // Only if it is set.
  Fields& time_if(std::string key, TimePoint t) { return t == kNoTime ? *this : time(std::move(key), t); }
  Fields& text_if(std::string key, std::string_view value) { return value.empty() ? *this : text(std::move(key), value); }

  codec::Value done() { return std::move(members_); }

 private:
  codec::Value::Object members_;
};

}  // namespace windlass::web
