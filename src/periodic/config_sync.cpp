#include "periodic/config_sync.hpp"

#include <utility>

#include "core/option_text.hpp"

namespace windlass::periodic {
namespace {

void append_part(std::string& text, const std::string& part) {
  text += std::to_string(part.size());
  text += ':';
  text += part;
}

std::string describe(std::size_t number, const PeriodicTaskConfig& config) {
  const std::string& name = config.options.name();
  return "entry " + std::to_string(number) + (name.empty() ? "" : " ('" + name + "')");
}

}  // namespace

std::string fingerprint(const PeriodicTaskConfig& config) {
  const EntryOptions& options = config.options;
  std::string text;
  append_part(text, config.spec);
  append_part(text, config.task.type());
  append_part(text, config.task.payload().present() ? "payload" : "none");
  append_part(text, config.task.payload().bytes());
  for (const std::string& option : core::format_options(config.task.options())) append_part(text, option);
  append_part(text, options.name());
  append_part(text, options.zone());
  for (const auto number :
       {std::int64_t{options.seconds_field()}, static_cast<std::int64_t>(options.missed()),
        static_cast<std::int64_t>(options.missed_limit()), static_cast<std::int64_t>(options.overlap()),
        static_cast<std::int64_t>(options.jitter().count())}) {
    append_part(text, std::to_string(number));
  }
  return text;
}

SyncReport ConfigSync::apply(const PeriodicTaskConfigs& configs) {
  SyncReport report;
  auto wanted = read(configs, report);
  remove_others(wanted, report);
  for (auto& [id, entry] : wanted) {
    const auto running = running_.find(id);
    if (running != running_.end() && running->second == entry.fingerprint) {
      ++report.kept;
      continue;
    }
    (running == running_.end() ? report.added : report.changed).push_back(id);
    if (running == running_.end()) {
      if (Status added = scheduler_.add(std::move(entry.plan)); !added) report.errors.push_back(added.error());
    } else {
      scheduler_.replace(std::move(entry.plan));
    }
    running_[id] = std::move(entry.fingerprint);
  }
  return report;
}

// Those that are right, by id.
std::map<std::string, ConfigSync::Wanted> ConfigSync::read(const PeriodicTaskConfigs& configs, SyncReport& report) {
  std::map<std::string, Wanted> wanted;
  faulty_.clear();
  for (std::size_t i = 0; i < configs.size(); ++i) {
    const PeriodicTaskConfig& config = configs[i];
    auto plan = runtime::make_entry(config.spec, config.task, config.options, scheduler_.zone(),
                                    scheduler_.broker().payload_max());
    if (!plan) {
      report.errors.push_back(plan.error().at(describe(i + 1, config)));
      if (!config.options.name().empty()) faulty_[config.options.name()] = true;
      continue;
    }
    const std::string id = plan->id;
    const auto [place, is_new] = wanted.try_emplace(id, Wanted{i + 1, fingerprint(config), *std::move(plan)});
    if (is_new) continue;
    const bool same = place->second.fingerprint == fingerprint(config);
    report.errors.push_back(Error(ErrorCode::kInvalidArgument,
                                  describe(i + 1, config) + " is " + (same ? "the same as" : "taken for the same as") +
                                      " entry " + std::to_string(place->second.number) +
                                      (same ? "" : ": give it a name of its own") + "; it is passed over"));
  }
  return wanted;
}

void ConfigSync::remove_others(const std::map<std::string, Wanted>& wanted, SyncReport& report) {
  std::erase_if(running_, [&](const auto& running) {
    const std::string& id = running.first;
    if (wanted.contains(id) || faulty_.contains(id)) return false;
    if (Status removed = scheduler_.remove(id); !removed) report.errors.push_back(removed.error());
    report.removed.push_back(id);
    return true;
  });
}

}  // namespace windlass::periodic
