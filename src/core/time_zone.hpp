// TimeZone: when the clocks of a place are how far from UTC.
//
// A zone is a chain of stretches; in each the offset from UTC is constant, so local time is a straight line. Forward
// jumps leave a gap between the local times of two stretches, backward jumps an overlap. Whoever walks the stretches
// one by one gets both right without a special case.
//
// The data is the machine's tz database (package tzdata), read once per zone and process.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <string_view>

#include <windlass/error.hpp>

namespace windlass::core {

// Thread-compatible value.
class TimeZone {
 public:
  struct Stretch {
    std::chrono::seconds offset{};  // local time = UTC + offset
    std::chrono::sys_seconds end;   // first second of the next stretch; sys_seconds::max() = there is none
  };

  // "UTC", or a name of the tz database ("Europe/Berlin"). Not "Local": schedulers on several machines must agree.
  // Errors: kInvalidArgument.
  static Result<TimeZone> load(std::string_view name);

  const std::string& name() const { return name_; }
  // The stretch in which `t` lies.
  Stretch stretch_at(std::chrono::sys_seconds t) const;

 private:
  struct Data;
  TimeZone(std::string name, std::shared_ptr<const Data> data) : name_(std::move(name)), data_(std::move(data)) {}

  std::string name_;
  std::shared_ptr<const Data> data_;
};

}  // namespace windlass::core
