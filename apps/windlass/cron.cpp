// windlass cron ls|history|next|trigger
#include <algorithm>
#include <memory>
#include <optional>

#include <CLI/CLI.hpp>

#include <windlass/client.hpp>
#include <windlass/inspector.hpp>
#include <windlass/scheduler.hpp>

#include "core/cron.hpp"
#include "core/entry_identity.hpp"
#include "core/option_text.hpp"
#include "core/text.hpp"
#include "json.hpp"
#include "options.hpp"
#include "output.hpp"
#include "session.hpp"

namespace windlass::app {
namespace {

// --------------------------------------------------------------------------------------------------------------- next

struct NextArgs {
  std::string spec;
  std::string zone = "UTC";
  std::string entry;
  std::optional<TimePoint> from;
  int count = 10;
  bool seconds = false;
};

// "2026-03-06T09:00:00-05:00"
std::string local_text(TimePoint t, const core::TimeZone& zone) {
  const auto offset = zone.stretch_at(std::chrono::floor<std::chrono::seconds>(t)).offset;
  std::string text = core::format_time(t + offset);
  text.pop_back();  // Z
  const auto minutes = std::chrono::duration_cast<std::chrono::minutes>(std::chrono::abs(offset)).count();
  const auto two = [](std::int64_t n) { return (n < 10 ? "0" : "") + std::to_string(n); };
  return text + (offset.count() < 0 ? "-" : "+") + two(minutes / 60) + ":" + two(minutes % 60);
}

Result<int> print_times(const std::vector<TimePoint>& times, const core::CronSpec& spec, bool json) {
  if (json) {
    codec::Value::Array list;
    for (const TimePoint t : times) list.push_back(core::format_time(t));
    return Session::print(list);
  }
  const auto zone = core::TimeZone::load(spec.zone());
  if (!zone) return zone.error();
  for (const TimePoint t : times) put(local_text(t, *zone) + "  " + full_time(t) + "\n");
  if (times.empty()) put("never, within five years\n");
  return kOk;
}

Result<int> next(const Session& session, const NextArgs& args) {
  const Duration phase = args.entry.empty() ? Duration::zero() : core::entry_phase(args.entry);
  const auto spec =
      core::CronSpec::parse(args.spec, {.zone = args.zone, .seconds = args.seconds, .every_phase = phase});
  if (!spec) return spec.error();
  std::vector<TimePoint> times;
  std::optional<TimePoint> at = args.from.value_or(now());
  while (static_cast<int>(times.size()) < args.count && (at = spec->next(*at))) times.push_back(*at);
  return print_times(times, *spec, session.json);
}

// ----------------------------------------------------------------------------------------------------- ls and history

Result<int> list(const Session& session) {
  const Result<BrokerPtr> broker = session.open();
  if (!broker) return broker.error();
  const auto entries = Inspector(*broker).scheduler_entries();
  if (!entries) return entries.error();
  if (session.json) return Session::print(codec::Value::Object{{"entries", to_json(*entries)}});
  if (entries->empty()) put("no scheduler entries\n");
  Table table({"ID", "SPEC", "TYPE", "PAYLOAD", "OPTIONS", "NEXT", "PREVIOUS"});
  for (const SchedulerEntry& e : *entries) {
    // The record may be some seconds old.
    const TimePoint next_at = e.next_at == kNoTime ? kNoTime : std::max(e.next_at, now());
    std::string options;
    for (const std::string& option : e.options) options += (options.empty() ? "" : ", ") + option;
    table.add({e.id, e.spec, e.task_type, shortened_payload(e.payload, 30), options, relative_time(next_at),
               relative_time(e.prev_at)});
  }
  if (!table.empty()) table.print();
  return kOk;
}

Error no_entry(const std::string& id) {
  return Error(ErrorCode::kTaskNotFound, "no scheduler that runs now has an entry '" + id + "' (see windlass cron ls)");
}

Result<SchedulerEntry> find_entry(const Inspector& inspector, const std::string& id) {
  auto entries = inspector.scheduler_entries();
  if (!entries) return entries.error();
  for (SchedulerEntry& entry : *entries) {
    if (entry.id == id) return std::move(entry);
  }
  return no_entry(id);
}

codec::Value to_json(const SchedulerEvent& event) {
  return codec::Value::Object{{"task_id", event.task_id},
                              {"tick", core::format_time(event.tick)},
                              {"enqueued_at", core::format_time(event.enqueued_at)}};
}

struct HistoryArgs {
  std::vector<std::string> entries;
  std::size_t limit = 30;
};

struct EntryHistory {
  std::string entry;
  std::vector<SchedulerEvent> events;
};

Result<EntryHistory> read_history(const Inspector& inspector, const std::string& entry, std::size_t limit) {
  auto events = inspector.scheduler_events(entry, limit);
  if (!events) return events.error();
  // An entry of a scheduler that is gone still has its history; one that never was has none.
  if (const auto found = events->empty() ? find_entry(inspector, entry) : SchedulerEntry(); !found) return found.error();
  return EntryHistory{entry, *std::move(events)};
}

codec::Value to_json(const EntryHistory& history) {
  codec::Value::Array list;
  for (const SchedulerEvent& event : history.events) list.push_back(to_json(event));
  return codec::Value::Object{{"entry", history.entry}, {"events", list}};
}

void show_history(const EntryHistory& history) {
  if (history.events.empty()) put("no ticks yet\n");
  Table table({"TICK", "TASK", "ENQUEUED"});
  for (const SchedulerEvent& e : history.events) table.add({full_time(e.tick), e.task_id, full_time(e.enqueued_at)});
  if (!table.empty()) table.print();
}

Result<int> history(const Session& session, const HistoryArgs& args) {
  const Result<BrokerPtr> broker = session.open();
  if (!broker) return broker.error();
  std::vector<EntryHistory> histories;
  for (const std::string& entry : args.entries) {
    Result<EntryHistory> one = read_history(Inspector(*broker), entry, args.limit);
    if (!one) return one.error();
    histories.push_back(*std::move(one));
  }
  if (session.json && histories.size() == 1) return Session::print(to_json(histories[0]));
  codec::Value::Array list;
  for (const EntryHistory& one : histories) {
    list.push_back(to_json(one));
    if (session.json) continue;
    if (histories.size() > 1) put((list.size() > 1 ? "\n" : "") + printable(one.entry) + "\n");
    show_history(one);
  }
  return session.json ? Session::print(codec::Value::Object{{"entries", list}}) : Result<int>(kOk);
}

// ------------------------------------------------------------------------------------------------------------ trigger

Result<int> trigger(const Session& session, const std::string& id) {
  const Result<BrokerPtr> broker = session.open();
  if (!broker) return broker.error();
  const auto entry = find_entry(Inspector(*broker), id);
  if (!entry) return entry.error();
  if (entry->task_type == kFactoryTaskType) {
    return Error(ErrorCode::kFailedPrecondition,
                 "the tasks of entry '" + id + "' are made by a function of its scheduler, at its ticks only");
  }
  EnqueueOptions options = core::parse_options(entry->options);
  options.header(std::string(kScheduledAtHeader), core::format_time(now()));
  const auto task = Client(*broker).enqueue(Task(entry->task_type, entry->payload, std::move(options)));
  if (!task) return task.error();
  if (session.json) return Session::print(app::to_json(*task));
  put(task->id + "\n");
  return kOk;
}

// ------------------------------------------------------------------------------------------------------- command line

void add_next(CLI::App& cron, Session& session) {
  CLI::App* command = cron.add_subcommand("next", "Show the next times of a cron spec");
  auto args = std::make_shared<NextArgs>();
  command->add_option("SPEC", args->spec, "five fields, or a descriptor such as @hourly, in quotes")->required();
  command->add_option("--tz", args->zone, "time zone (default: UTC)")->type_name("ZONE");
  command->add_option("-n", args->count, "how many (default: 10)")->check(CLI::Range(1, 10'000));
  command->add_option("--entry", args->entry, "show @every as the entry of this id has it")->type_name("ID");
  command->add_flag("--seconds", args->seconds, "the spec may have a sixth field, seconds, in front");
  add_time(*command, "--from", args->from, "later than this (default: now)");
  command->callback([&session, args] { session.run = [&session, args] { return next(session, *args); }; });
}

void add_history(CLI::App& cron, Session& session) {
  CLI::App* command = cron.add_subcommand("history", "Show the last ticks of entries");
  auto args = std::make_shared<HistoryArgs>();
  command->add_option("ENTRY", args->entries, "ids of the entries")->required();
  command->add_option("--limit", args->limit, "how many of each (default: 30)")->check(CLI::Range(1, 1000));
  command->callback([&session, args] { session.run = [&session, args] { return history(session, *args); }; });
}

}  // namespace

void add_cron(CLI::App& app, Session& session) {
  CLI::App* cron = app.add_subcommand("cron", "Look at schedulers and cron specs")->require_subcommand(1);
  cron->add_subcommand("ls", "List the entries of all schedulers")->callback([&session] {
    session.run = [&session] { return list(session); };
  });
  add_history(*cron, session);
  add_next(*cron, session);
  CLI::App* now_command = cron->add_subcommand("trigger", "Enqueue the task of an entry now, beside its ticks");
  auto id = std::make_shared<std::string>();
  now_command->add_option("ENTRY", *id, "id of the entry")->required();
  now_command->callback([&session, id] { session.run = [&session, id] { return trigger(session, *id); }; });
}

}  // namespace windlass::app
