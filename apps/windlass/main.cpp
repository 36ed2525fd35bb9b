// The windlass tool: reads the command line, runs the command, and turns how it ended into an exit code.
#include <csignal>
#include <cstdio>
#include <cstring>
#include <exception>

#include <CLI/CLI.hpp>

#include "exec/child_guard.hpp"
#include "output.hpp"
#include "session.hpp"

namespace {

using windlass::app::Session;

constexpr const char* kFooter =
    "\nExit codes: 0 done, 1 failed, 2 wrong use, 3 no such task or queue, 4 duplicate, id taken or not possible in this\n"
    "state, 5 broker unavailable. Errors go to standard error; with --json as {\"error\",\"message\",\"exit_code\"}.\n"
    "Durations: 1500ms, 2h30m, 7d. Times: RFC 3339.\n";

void add_global_options(CLI::App& app, Session& session) {
  app.add_option("--broker", session.broker_url, "the store: sqlite:FILE, redis://HOST:PORT/DB, ... (default: windlass/windlass.db in your state folder)")
      ->envname("WINDLASS_BROKER")
      ->type_name("URL");
  app.add_flag("--json", session.json, "print JSON");
  app.add_option("--log-level", session.log_level, "debug, info, warn, error or off (default info)")
      ->check(CLI::IsMember({"debug", "info", "warn", "error", "off"}));
  app.add_option("--log-format", session.log_format, "text or json (default text), on standard error")
      ->check(CLI::IsMember({"text", "json"}));
  app.set_version_flag("--version", "windlass " WINDLASS_VERSION);
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
  windlass::app::add_stats(app, session);
  windlass::app::add_doctor(app, session);
  windlass::app::add_demo(app, session);
  windlass::app::add_bench(app, session);
}

// Only help and version leave with 0; what is wrong with the command line is said in one line.
int leave(const CLI::App& app, const CLI::ParseError& error, Session& session) {
  if (error.get_exit_code() == 0) return app.exit(error);
  session.json = session.json || app.get_option("--json")->count() > 0;
  return session.report(windlass::Error(windlass::ErrorCode::kInvalidArgument, std::string(error.what()) + " (see --help)"));
}

int run(const Session& session) {
  session.set_up_logging();
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
  app.require_subcommand(1)->fallthrough()->footer(kFooter);
  add_global_options(app, session);
  add_commands(app, session);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return leave(app, error, session);
  }
  return run(session);
}
