#include "core/time_zone.hpp"

#include <algorithm>

#include <cctz/time_zone.h>

#include "core/text.hpp"

namespace windlass::core {

struct TimeZone::Data {
  cctz::time_zone zone;
};

namespace {

// The library would also open files by path and read the machine's own zone.
bool is_zone_name(std::string_view name) {
  const auto allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '/' || c == '_' ||
           c == '-' || c == '+';
  };
  return !name.empty() && name.front() != '/' && name != "localtime" && std::ranges::all_of(name, allowed);
}

Error unknown_zone(std::string_view name) {
  return Error(ErrorCode::kInvalidArgument, "unknown time zone \"" + to_valid_utf8(name) +
                                                "\": give UTC or a name of the tz database such as Europe/Berlin");
}

std::chrono::seconds line_of(const cctz::civil_second& local) {
  return std::chrono::seconds(local - cctz::civil_second(1970, 1, 1, 0, 0, 0));
}

}  // namespace

Result<TimeZone> TimeZone::load(std::string_view name) {
  auto data = std::make_shared<Data>();
  if (!is_zone_name(name) || !cctz::load_time_zone(std::string(name), &data->zone)) return unknown_zone(name);
  return TimeZone(std::string(name), std::move(data));
}

TimeZone::Stretch TimeZone::stretch_at(std::chrono::sys_seconds t) const {
  Stretch stretch;
  stretch.offset = std::chrono::seconds(data_->zone.lookup(t).offset);
  stretch.end = std::chrono::sys_seconds::max();
  cctz::time_zone::civil_transition transition;
  if (data_->zone.next_transition(t, &transition)) {
    stretch.end = std::chrono::sys_seconds(line_of(transition.from) - stretch.offset);
  }
  return stretch;
}

}  // namespace windlass::core
