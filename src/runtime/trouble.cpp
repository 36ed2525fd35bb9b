#include "runtime/trouble.hpp"

#include <algorithm>
#include <string>

#include <windlass/log.hpp>

namespace windlass::runtime {

Trouble::Trouble(std::string_view who, base::Clock& clock, base::Random random)
    : who_(who), clock_(clock), random_(random) {}

Duration Trouble::failed(const Error& error) {
  ++failures_;
  log(error);
  const Duration full = next_;
  next_ = std::min(2 * next_, kLongest);
  return full - Duration(static_cast<Duration::rep>(random_.unit() * static_cast<double>(full.count()) / 2));
}

void Trouble::log(const Error& error) {
  const Duration now = clock_.steady();
  if (logged_ && now - logged_at_ < kLogEvery) {
    ++unlogged_;
    return;
  }
  std::vector<LogField> fields{{"error", error.message()}, {"code", std::string(error_code_name(error.code()))}};
  if (unlogged_ > 0) fields.push_back({"not_logged", std::to_string(unlogged_)});
  log_warn(std::string(who_) + " failed, will try again", std::move(fields));
  logged_ = streak_logged_ = true;
  logged_at_ = now;
  unlogged_ = 0;
}

void Trouble::ended() {
  if (failures_ == 0) return;
  if (streak_logged_) log_info(std::string(who_) + " works again", {{"failures", std::to_string(failures_)}});
  streak_logged_ = false;
  failures_ = 0;
  next_ = kFirst;
}

}  // namespace windlass::runtime
