#include "runtime/settings.hpp"

#include <sched.h>

#include <algorithm>
#include <string>
#include <type_traits>

#include "core/message.hpp"
#include "core/text.hpp"

namespace windlass::runtime {
namespace {

// A child needs some itself, and a shared library or two that is loaded late.
constexpr int kOpenFilesLeast = 32;
constexpr int kNiceMost = 19;
constexpr int kHandlersPerChildMost = 64;
constexpr Duration kGraceDefault = std::chrono::seconds(5);
// Far below what a time on the clock, and a wait in milliseconds, can hold.
constexpr Duration kGraceMost = std::chrono::hours(24);

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

Status check_handler_options(const std::string& where, const HandlerOptions& o) {
  for (const Status& status : {
           at_least(where + ".cpu_time_max", o.cpu_time_max, Duration::zero()),
           at_least(where + ".open_files_max", o.open_files_max, o.open_files_max == 0 ? 0 : kOpenFilesLeast),
           at_least(where + ".nice", o.nice, 0),
           at_least(where + ".handlers_per_child", o.handlers_per_child, 0),
           at_least(where + ".tasks_per_child", o.tasks_per_child, 0),
           at_least(where + ".grace", o.grace, Duration::zero()),
       }) {
    if (!status) return status;
  }
  if (o.nice > kNiceMost) return bad(where + ".nice", "at most " + std::to_string(kNiceMost), std::to_string(o.nice));
  if (o.grace > kGraceMost) {
    return bad(where + ".grace", "at most " + core::format_duration(kGraceMost), core::format_duration(o.grace));
  }
  if (o.handlers_per_child > kHandlersPerChildMost) {
    return bad(where + ".handlers_per_child", "at most " + std::to_string(kHandlersPerChildMost), std::to_string(o.handlers_per_child));
  }
  if (o.cpu_time_max > Duration::zero() && o.handlers_per_child > 1) {
    return bad(where + ".cpu_time_max", "left out where handlers_per_child is over 1", core::format_duration(o.cpu_time_max));
  }
  return {};
}

HandlerOptions merged_options(const HandlerOptions& pattern, const HandlerOptions& server) {
  const auto pick = [](const auto& own, const auto& other) { return own == std::remove_cvref_t<decltype(own)>{} ? other : own; };
  HandlerOptions o;
  o.isolation = pick(pattern.isolation, pick(server.isolation, Isolation::kThread));
  o.memory_max = pick(pattern.memory_max, server.memory_max);
  o.cpu_time_max = pick(pattern.cpu_time_max, server.cpu_time_max);
  o.open_files_max = pick(pattern.open_files_max, server.open_files_max);
  o.nice = pick(pattern.nice, server.nice);
  o.working_folder = pick(pattern.working_folder, server.working_folder);
  o.cgroup = pick(pattern.cgroup, server.cgroup);
  o.environment = pick(pattern.environment, server.environment);
  o.handlers_per_child = pick(pattern.handlers_per_child, pick(server.handlers_per_child, 1));
  o.tasks_per_child = pick(pattern.tasks_per_child, server.tasks_per_child);
  o.rss_max = pick(pattern.rss_max, server.rss_max);
  o.grace = pick(pattern.grace, pick(server.grace, kGraceDefault));
  return o;
}

Result<ServerConfig> checked_config(ServerConfig config) {
  using std::chrono::milliseconds;
  using std::chrono::seconds;
  for (const Status& status : {
           at_least("concurrency", config.concurrency, 0),
           at_least("loop_threads", config.loop_threads, 1),
           check_queues(config.queues),
           at_least("prefetch_max", config.prefetch_max, 0),
           check_handler_options("isolation", config.isolation),
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
