#include "runtime/settings.hpp"

#include <sched.h>

#include <algorithm>
#include <string>

#include "core/message.hpp"
#include "core/text.hpp"

namespace windlass::runtime {
namespace {

int usable_cpus() {
  cpu_set_t set;
  if (::sched_getaffinity(0, sizeof set, &set) != 0) return 1;
  return std::max(1, CPU_COUNT(&set));
}

Error bad(std::string_view field, const std::string& allowed, const std::string& given) {
  return Error(ErrorCode::kInvalidArgument, "server config: " + std::string(field) + " must be " + allowed + ", not " + given);
}

Status at_least(std::string_view field, Duration value, Duration least) {
  if (value >= least) return {};
  return bad(field, "at least " + core::format_duration(least), core::format_duration(value));
}

Status at_least(std::string_view field, int value, int least) {
  if (value >= least) return {};
  return bad(field, "at least " + std::to_string(least), std::to_string(value));
}

Status check_queues(const std::map<std::string, int>& queues) {
  for (const auto& [name, weight] : queues) {
    if (core::is_blank(name)) return bad("queues", "names that are not blank", "'" + name + "'");
    if (Status s = at_least("queues['" + name + "']", weight, 1); !s) return s;
  }
  return {};
}

}  // namespace

Result<ServerConfig> checked_config(ServerConfig config) {
  using std::chrono::milliseconds;
  using std::chrono::seconds;
  for (const Status& status : {
           at_least("concurrency", config.concurrency, 0),
           check_queues(config.queues),
           at_least("prefetch_max", config.prefetch_max, 0),
           at_least("health_check_interval", config.health_check_interval, milliseconds(1)),
           at_least("shutdown_timeout", config.shutdown_timeout, Duration::zero()),
           at_least("lease", config.lease, seconds(3)),
           at_least("liveness", config.liveness, seconds(1)),
           at_least("crash_limit", config.crash_limit, 0),
           at_least("group_grace_period", config.group_grace_period, seconds(1)),
           at_least("group_max_delay", config.group_max_delay, Duration::zero()),
           at_least("group_max_size", config.group_max_size, 0),
           at_least("janitor_interval", config.janitor_interval, milliseconds(1)),
           at_least("janitor_batch", config.janitor_batch, 1),
           at_least("archive_max", config.archive_max, 0),
           at_least("archive_age", config.archive_age, Duration::zero()),
       }) {
    if (!status) return status.error();
  }
  if (config.concurrency == 0) config.concurrency = usable_cpus();
  if (config.queues.empty()) config.queues.emplace(core::kDefaultQueue, 1);
  return config;
}

}  // namespace windlass::runtime
