// Session: what all commands of the tool share: the global options, the broker they name, and how a command ends.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include <windlass/broker.hpp>
#include <windlass/codec.hpp>
#include <windlass/error.hpp>
#include <windlass/metrics.hpp>

namespace CLI {
class App;
}

namespace windlass::app {

// Exit codes: promised to scripts in `windlass --help` and docs/reference/cli.md. Never renumber.
enum Exit : int {
  kOk = 0,
  kFailed = 1,        // none of the below
  kUsage = 2,         // the command line, or a value in it, is wrong
  kNotFound = 3,      // no such task or queue
  kConflict = 4,      // duplicate, id taken, or not possible in this state
  kUnavailable = 5,   // the broker cannot be reached or opened
  kNotInTime = 6,     // `task wait --timeout`
};
struct ExitCode {
  int code;
  std::string meaning;
};
const std::vector<ExitCode>& exit_codes();
// What else the help and the manual say to all commands.
inline constexpr const char* kNotes[] = {
    "Errors go to standard error; with --json as {\"error\",\"message\",\"exit_code\"}.",
    "Durations: 1500ms, 2h30m, 7d. Times: RFC 3339.",
    "Options are taken from the command line, else from the environment, else from the configuration file.",
};
int exit_code_of(ErrorCode code);

struct Session {
  std::string config;       // empty = config.toml in the user's configuration folder, if there is one
  std::string broker_url;   // empty = the file in the user's state folder
  bool json = false;
  std::string log_level = "info";
  std::string log_format = "text";
  std::string traces;       // URL of a collector; empty = none
  MetricsPtr metrics = std::make_shared<Metrics>();  // of this process
  bool wait = false;        // of commands that add_wait() gave the option
  // What the chosen command does, set while the command line is read. The number is the exit code.
  std::function<Result<int>()> run;

  // Opens the broker. The folder of the default file is created, for its owner alone.
  // With `wait` it tries again until the broker can be reached.
  Result<BrokerPtr> open() const;
  // As open() would use it.
  Result<std::string> url() const;
  void set_up_logging() const;

  // Prints `value` on standard output as one line.
  static Result<int> print(const codec::Value& value);
  // Writes the error to standard error ("windlass: ...", or JSON) and returns the exit code.
  int report(const Error& error) const;
  int report(const Error& error, int code) const;
};

// --wait, for commands that go on for long.
void add_wait(CLI::App& command, Session& session);

// Each adds its command, or group of commands, to the command line.
void add_enqueue(CLI::App& app, Session& session);
void add_work(CLI::App& app, Session& session);
void add_queue(CLI::App& app, Session& session);
void add_task(CLI::App& app, Session& session);
void add_task_list(CLI::App& task, Session& session);
void add_task_wait(CLI::App& task, Session& session);
void add_task_bulk(CLI::App& task, Session& session);
void add_group(CLI::App& app, Session& session);
void add_server(CLI::App& app, Session& session);
void add_schedule(CLI::App& app, Session& session);
void add_cron(CLI::App& app, Session& session);
void add_stats(CLI::App& app, Session& session);
void add_dash(CLI::App& app, Session& session);
void add_dq(CLI::App& app, Session& session);
void add_exporter(CLI::App& app, Session& session);
void add_web(CLI::App& app, Session& session);
void add_doctor(CLI::App& app, Session& session);
void add_demo(CLI::App& app, Session& session);
void add_bench(CLI::App& app, Session& session);
// completion, man, help: what is made from the command line itself.
void add_manual(CLI::App& app, Session& session);

}  // namespace windlass::app
