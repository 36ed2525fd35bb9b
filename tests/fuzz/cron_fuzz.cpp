// libFuzzer target: any text is a cron spec or an error; the ticks of a spec ascend, and are found from either side.
//
//   cmake --preset asan -DWINDLASS_FUZZ=ON && cmake --build build/asan --target cron_fuzz
//   build/asan/bin/cron_fuzz -max_total_time=60 new_inputs tests/fuzz/seeds/cron
//
// The first byte says whether there may be a field of seconds, and in which zone.
#include "core/cron.hpp"
#include "core/text.hpp"
#include "fuzz/input.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace windlass;
  if (size == 0) return 0;
  const std::string_view text = fuzz::text(data, size).substr(1);
  core::CronOptions options;
  options.seconds = (data[0] & 1) != 0;
  if ((data[0] & 2) != 0) options.zone = "Europe/Berlin";
  if (const auto length = core::parse_duration(text))
    fuzz::require(core::parse_duration(core::format_duration(*length)).ok());
  if (const auto time = core::parse_time(text)) fuzz::require(core::parse_time(core::format_time(*time)).ok());
  const auto spec = core::CronSpec::parse(text, options);
  if (!spec) {
    fuzz::require(spec.error().code() == ErrorCode::kInvalidArgument && !spec.error().message().empty());
    return 0;
  }
  TimePoint at{std::chrono::hours(24 * 365 * 54)};
  for (int i = 0; i < 3; ++i) {
    const auto next = spec->next(at);
    if (!next) return 0;
    fuzz::require(*next > at && spec->last_between(at, *next) == next);
    at = *next;
  }
  return 0;
}
