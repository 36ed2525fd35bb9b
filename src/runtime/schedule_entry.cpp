#include "runtime/schedule_entry.hpp"

#include <utility>

#include "core/enqueue_plan.hpp"
#include "core/entry_identity.hpp"
#include "core/ids.hpp"
#include "core/option_text.hpp"
#include "core/text.hpp"
#include "core/time_math.hpp"

namespace windlass::runtime {
namespace {

Error invalid(std::string text) { return Error(ErrorCode::kInvalidArgument, std::move(text)); }

Status check_options(const EntryOptions& options) {
  if (!options.name().empty() && core::is_blank(options.name())) {
    return invalid("the name of an entry must not be blank");
  }
  if (!core::is_valid_utf8(options.name())) {
    return invalid("the name of an entry must be valid UTF-8: \"" + core::to_valid_utf8(options.name()) + "\"");
  }
  if (options.missed_limit() < 1) {
    return invalid("the limit of missed ticks must be at least 1, not " + std::to_string(options.missed_limit()));
  }
  if (options.jitter() < Duration::zero()) {
    return invalid("jitter must not be negative, is " + core::format_duration(options.jitter()));
  }
  return {};
}

Result<EntryPlan> plan_entry(std::string_view spec, std::string id, EntryOptions options, const std::string& zone) {
  if (Status status = check_options(options); !status) return status.error();
  auto parsed = core::CronSpec::parse(
      spec, {.zone = zone, .seconds = options.seconds_field(), .every_phase = core::entry_phase(id)});
  if (!parsed) return parsed.error();
  std::string shown(spec);
  const bool names_zone = spec.starts_with("TZ=") || spec.starts_with("CRON_TZ=");
  if (!names_zone && zone != "UTC" && parsed->interval() == Duration::zero()) shown = "CRON_TZ=" + zone + " " + shown;
  return EntryPlan{std::move(id), std::move(shown), *std::move(parsed), std::nullopt, nullptr, std::move(options)};
}

std::string zone_of(const EntryOptions& options, const std::string& default_zone) {
  return options.zone().empty() ? default_zone : options.zone();
}

// When the task may run, where that is not at once: jitter comes on top of the task's own delay.
EnqueueOptions tick_options(const EntryPlan& entry, const Task& task, TimePoint nominal) {
  EnqueueOptions options;
  options.header(std::string(kScheduledAtHeader), core::format_time(nominal));
  const Duration late = core::tick_jitter(entry.id, nominal, entry.options.jitter());
  if (late == Duration::zero()) return options;
  TimePoint at = task.options().process_at().value_or(nominal);
  if (task.options().process_in()) at = core::saturated_sum(nominal, *task.options().process_in());
  return options.process_at(core::saturated_sum(at, late));
}

}  // namespace

Result<EntryPlan> make_entry(std::string_view spec, Task task, EntryOptions options, const std::string& default_zone,
                             std::size_t payload_max) {
  const std::string zone = zone_of(options, default_zone);
  std::string id = options.name().empty() ? core::entry_id(spec, zone, task) : options.name();
  auto entry = plan_entry(spec, std::move(id), std::move(options), zone);
  if (!entry) return entry;
  // A task that can never be enqueued is refused now, not at its first tick.
  const auto trial = plan_tick(*entry, task, TickTimes(), TimePoint(), payload_max);
  if (!trial) return trial.error();
  entry->task = std::move(task);
  return entry;
}

Result<EntryPlan> make_entry(std::string_view spec, TaskFactory factory, EntryOptions options,
                             const std::string& default_zone) {
  if (!factory) return invalid("the factory is empty");
  if (options.name().empty()) {
    return invalid(
        "an entry with a factory needs a name, as its tasks are not known beforehand: EntryOptions(\"my-entry\")");
  }
  const std::string zone = zone_of(options, default_zone);
  std::string id = options.name();
  auto entry = plan_entry(spec, std::move(id), std::move(options), zone);
  if (entry) entry->factory = std::move(factory);
  return entry;
}

Result<broker::NewTask> plan_tick(const EntryPlan& entry, const Task& task, const TickTimes& tick, TimePoint now,
                                  std::size_t payload_max) {
  auto plan = core::plan_enqueue(task, tick_options(entry, task, tick.nominal), now, core::new_uuid(now), payload_max);
  if (!plan) return plan.error();
  broker::NewTask planned{std::move(plan->message), plan->process_at, plan->unique_ttl, broker::Tick{}, plan->durability};
  planned.message.scheduled_at = tick.nominal;
  planned.tick->entry = entry.id;
  planned.tick->nominal = tick.nominal;
  planned.tick->previous = tick.previous;
  planned.tick->skip_if_running = entry.options.overlap() == Overlap::kSkipIfRunning;
  return planned;
}

SchedulerEntry show(const EntryPlan& entry) {
  SchedulerEntry shown;
  shown.id = entry.id;
  shown.spec = entry.spec_text;
  shown.task_type = kFactoryTaskType;
  if (!entry.task) return shown;
  shown.task_type = entry.task->type();
  shown.payload = entry.task->payload();
  shown.options = core::format_options(entry.task->options());
  return shown;
}

}  // namespace windlass::runtime
