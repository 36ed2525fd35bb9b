// windlass schedule FILE
#include <memory>
#include <optional>
#include <string>

#include <CLI/CLI.hpp>

#include <windlass/log.hpp>
#include <windlass/periodic.hpp>

#include "session.hpp"
#include "telemetry.hpp"

namespace windlass::app {
namespace {

struct ScheduleArgs {
  std::string file;
  std::string zone = "UTC";
  std::optional<std::string> metrics_listen;
};

Result<int> schedule(const Session& session, const ScheduleArgs& args) {
  const Result<BrokerPtr> broker = session.open();
  if (!broker) return broker.error();
  PeriodicTaskManagerConfig config;
  config.scheduler.zone = args.zone;
  config.scheduler.metrics = session.metrics;
  config.scheduler.post_enqueue = [](const Tick& tick, const Result<TaskInfo>& stored) {
    if (stored && log_enabled(LogLevel::kDebug)) {
      log_debug("tick enqueued", {{"entry", tick.entry}, {"task", stored->id}});
    }
  };
  const auto endpoint = serve_metrics(session, args.metrics_listen);
  if (!endpoint) return endpoint.error();
  PeriodicTaskManager manager(*broker, file_provider(args.file), std::move(config));
  if (Status ended = manager.run(); !ended) return ended.error();
  return kOk;
}

}  // namespace

void add_schedule(CLI::App& app, Session& session) {
  CLI::App* command =
      app.add_subcommand("schedule", "Run a scheduler with the entries of a file, and follow its changes");
  auto args = std::make_shared<ScheduleArgs>();
  command->add_option("FILE", args->file, "entries in TOML, YAML or JSON, told by the extension")
      ->required()
      ->check(CLI::ExistingFile);
  command->add_option("--tz", args->zone, "time zone of entries that name none (default: UTC)")->type_name("ZONE");
  add_metrics_listen(*command, args->metrics_listen);
  add_wait(*command, session);
  command->callback([&session, args] { session.run = [&session, args] { return schedule(session, *args); }; });
}

}  // namespace windlass::app
