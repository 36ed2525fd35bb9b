// Body: a JSON object that came with a request. What is in it and should not be is an error that names it.
#pragma once

#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <windlass/codec.hpp>
#include <windlass/error.hpp>
#include <windlass/time.hpp>

#include "http/message.hpp"

namespace windlass::web {

// Thread-compatible value. Errors of all calls: kInvalidArgument, naming the field.
class Body {
 public:
  // `fields`: those that there may be.
  static Result<Body> parse(const http::Request& request, std::initializer_list<std::string_view> fields);

  bool has(std::string_view field) const { return object_.find(field) != nullptr; }
  const codec::Value* find(std::string_view field) const { return object_.find(field); }
  Result<std::string> text(std::string_view field) const;                   // "" if it is not there
  Result<std::optional<std::int64_t>> integer(std::string_view field) const;
  Result<std::optional<Duration>> seconds(std::string_view field) const;    // a number, also with a fraction; not negative
  Result<std::optional<TimePoint>> time(std::string_view field) const;      // RFC 3339
  Result<std::vector<std::string>> texts(std::string_view field) const;

 private:
  explicit Body(codec::Value object) : object_(std::move(object)) {}
  codec::Value object_;
};

}  // namespace windlass::web
