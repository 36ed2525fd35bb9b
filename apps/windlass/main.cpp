// The windlass tool: reads the command line, runs the command, and turns how it ended into an exit code.
#include <csignal>
#include <cstdio>
#include <cstring>
#include <exception>

#include <CLI/CLI.hpp>

#include "carrying.hpp"
#include "config.hpp"
#include "exec/child_guard.hpp"
#include "output.hpp"
#include "session.hpp"
#include "suggest.hpp"
#include "telemetry.hpp"

namespace {

using windlass::app::Session;

std::string footer() {
  std::string text = "Exit codes:";
  for (const auto& [code, meaning] : windlass::app::exit_codes()) text += "\n  " + std::to_string(code) + "  " + meaning;
  for (const char* note : windlass::app::kNotes) text += "\n" + std::string(note);
  return text + "\n";
}

void add_global_options(CLI::App& app, Session& session) {
  app.add_option("--broker", session.broker_url, "the store: sqlite:FILE, redis://HOST:PORT/DB, ... (default: windlass/windlass.db in your state folder)")
      ->envname("WINDLASS_BROKER")
      ->type_name("URL");
  app.add_flag("--json", session.json, "print JSON")->envname("WINDLASS_JSON");
  app.add_option("--log-level", session.log_level, "how much is logged on standard error (default: info)")
      ->check(CLI::IsMember({"debug", "info", "warn", "error", "off"}))
      ->envname("WINDLASS_LOG_LEVEL");
  app.add_option("--log-format", session.log_format, "form of the log (default: text)")
      ->check(CLI::IsMember({"text", "json"}))
      ->envname("WINDLASS_LOG_FORMAT");
  app.add_option("--traces", session.traces, "send traces to this collector, by OTLP/HTTP: http://127.0.0.1:4318/v1/traces (default: none)")
      ->envname("WINDLASS_TRACES")
      ->type_name("URL");
  app.add_option("--config", session.config, "defaults for these options, in TOML (default: windlass/config.toml in your configuration folder)")
      ->envname("WINDLASS_CONFIG")
      ->type_name("FILE")
      ->configurable(false);
  app.set_version_flag("--version", "windlass " WINDLASS_VERSION);
  app.get_version_ptr()->configurable(false);
  app.get_help_ptr()->configurable(false);
}

void add_commands(CLI::App& app, Session& session) {
  windlass::app::add_enqueue(app, session);
  windlass::app::add_work(app, session);
  windlass::app::add_queue(app, session);
  windlass::app::add_task(app, session);
  windlass::app::add_group(app, session);
  windlass::app::add_server(app, session);
  windlass::app::add_schedule(app, session);
  windlass::app::add_cron(app, session);
  windlass::app::add_dq(app, session);
  windlass::app::add_exporter(app, session);
  windlass::app::add_stats(app, session);
  windlass::app::add_dash(app, session);
  windlass::app::add_web(app, session);
  windlass::app::add_migrate(app, session);
  windlass::app::add_doctor(app, session);
  windlass::app::add_demo(app, session);
  windlass::app::add_bench(app, session);
  windlass::app::add_manual(app, session);
}

// Only help and version leave with 0; what is wrong with the command line is said in one line.
int leave(const CLI::App& app, const CLI::ParseError& error, Session& session, const std::vector<std::string>& arguments) {
  if (error.get_exit_code() == 0) return app.exit(error);
  session.json = session.json || app.get_option("--json")->count() > 0;
  const std::string unknown = windlass::app::unknown_word(windlass::app::read_tree(app), arguments);
  const std::string message = unknown.empty() ? error.what() : unknown;
  return session.report(windlass::Error(windlass::ErrorCode::kInvalidArgument, message + " (see --help)"));
}

int run(const Session& session) {
  session.set_up_logging();
  const auto traces = windlass::app::Traces::start(session);
  if (!traces) return session.report(traces.error());
  const windlass::Result<int> code = session.run();
  if (!code) return session.report(code.error());
  if (!windlass::app::output_failed()) return *code;
  return session.report(windlass::Error(windlass::ErrorCode::kInternal, "cannot write to standard output"));
}

}  // namespace

int main(int argc, char** argv) {
  if (argc == 2 && std::strcmp(argv[1], windlass::exec::kGuardCommand) == 0) {
    windlass::exec::run_guard();
    return 0;
  }
  Session session;
  CLI::App app("A distributed task queue: put tasks in, run them, look at them.", "windlass");
  app.require_subcommand(1)->fallthrough()->footer(footer());
  add_global_options(app, session);
  add_commands(app, session);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return leave(app, error, session, {argv + 1, argv + argc});
  }
  if (const windlass::Status applied = windlass::app::apply_config(app, session.config); !applied) return session.report(applied.error());
  return run(session);
}
