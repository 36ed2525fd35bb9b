#include "runtime/hooks.hpp"

#include <windlass/log.hpp>

#include "core/retry_policy.hpp"
#include "mux/guarded_run.hpp"

namespace windlass::runtime {
namespace {

template <class F>
void guarded(std::string_view hook, F call) {
  try {
    call();
  } catch (...) {
    log_error("the hook " + std::string(hook) + " threw", {{"error", internal::describe_current_exception()}});
  }
}

}  // namespace

Hooks::Hooks(const ServerConfig& config)
    : retry_delay_(config.retry_delay),
      is_failure_(config.is_failure),
      on_error_(config.on_error),
      on_health_check_(config.on_health_check),
      aggregator_(config.aggregator) {}

Charge Hooks::charge(const Failure& failure, const Context& task, base::Random& random) const {
  return {is_failure(failure), retry_delay(failure, task, random)};
}

bool Hooks::is_failure(const Failure& failure) const {
  bool answer = true;
  if (is_failure_) guarded("is_failure", [&] { answer = is_failure_(failure); });
  return answer;
}

Duration Hooks::retry_delay(const Failure& failure, const Context& task, base::Random& random) const {
  std::optional<Duration> answer;
  if (retry_delay_) guarded("retry_delay", [&] { answer = retry_delay_(task.retry_count(), failure, task); });
  return answer ? *answer : core::default_retry_delay(task.retry_count(), random);
}

void Hooks::on_error(const Context& task, const Outcome& outcome) const {
  if (on_error_) guarded("on_error", [&] { on_error_(task, outcome); });
}

void Hooks::on_health_check(const Status& status) const {
  if (on_health_check_) guarded("on_health_check", [&] { on_health_check_(status); });
}

std::optional<Task> Hooks::aggregate(const std::string& group, const std::vector<Task>& tasks) const {
  std::optional<Task> made;
  guarded("aggregator", [&] { made = aggregator_(group, tasks); });
  return made;
}

}  // namespace windlass::runtime
