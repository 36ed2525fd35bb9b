// windlass bench: what this machine and this broker do under load.
#include <cstdio>
#include <memory>
#include <optional>

#include <CLI/App.hpp>

#include <windlass/log.hpp>

#include "load.hpp"
#include "load_producer.hpp"
#include "output.hpp"
#include "session.hpp"

namespace windlass::app {
namespace {

struct Report {
  std::string machine;
  std::string broker;
  std::uint64_t tasks = 0;
  std::uint64_t payload = 0;
  int concurrency = 0;
};
WINDLASS_FIELDS(Report, machine, broker, tasks, payload, concurrency)

std::string number(double value, int digits = 0) {
  char text[64];
  std::snprintf(text, sizeof text, "%.*f", digits, value);
  return text;
}

std::string rate(double per_second) { return number(per_second) + " /s"; }

std::string latency(const Quantiles& q) {
  return "p50 " + number(q.p50, 2) + " ms, p99 " + number(q.p99, 2) + " ms, min " + number(q.min, 2) +
         " ms, max " + number(q.max, 2) + " ms";
}

// How a lone enqueue compares with the disk: 1.00 = it costs one sync.
std::string times_a_sync(const LoadFigures& f) {
  if (!f.disk_syncs_per_s) return "";
  return " (" + number(*f.disk_syncs_per_s / f.enqueue_single_per_s, 2) + " x the disk's append + fdatasync)";
}

void print_report(const Report& report, const LoadFigures& f) {
  print_fields({{"machine", report.machine},
                {"broker", report.broker},
                {"settings", std::to_string(report.tasks) + " tasks, payload " + std::to_string(report.payload) +
                                 " B, concurrency " + std::to_string(report.concurrency)},
                {"disk: append + fdatasync", f.disk_syncs_per_s ? rate(*f.disk_syncs_per_s) : ""},
                {"enqueue, one caller", rate(f.enqueue_single_per_s) + times_a_sync(f)},
                {"enqueue, 64 threads", rate(f.enqueue_64_per_s)},
                {"enqueue, batches of 100", rate(f.enqueue_batch_per_s)},
                {"process a full queue", rate(f.process_per_s)},
                {"  CPU a task", number(f.cpu_us_per_task, 1) + " us"},
                {"enqueue and process at once", rate(f.life_cycle_per_s)},
                {"pick-up on an idle queue", latency(f.pickup_ms)},
                {"  from another process", f.pickup_other_process_ms ? latency(*f.pickup_other_process_ms) : ""},
                {"delayed task, late by", latency(f.delayed_late_ms)},
                {"resident, with an idle server", number(f.idle_server_mib, 1) + " MiB"},
                {"with a backlog: enqueue", f.backlog_enqueue_batch_per_s ? rate(*f.backlog_enqueue_batch_per_s) : ""},
                {"with a backlog: process", f.backlog_process_per_s ? rate(*f.backlog_process_per_s) : ""},
                {"due at once: moved", f.due_moved_per_s ? rate(*f.due_moved_per_s) : ""},
                {"due at once: processed meanwhile", f.due_processed_per_s ? rate(*f.due_processed_per_s) : ""}});
}

// One object: what was measured on what, and the figures.
codec::Value as_json(const Report& report, const LoadFigures& figures) {
  codec::Value::Object all;
  for (const std::string& part : {codec::to_json(report), codec::to_json(figures)}) {
    const codec::Value value = *codec::parse_json(part);
    for (const auto& member : *value.get_if<codec::Value::Object>()) all.push_back(member);
  }
  return all;
}

Result<int> bench(const Session& session, const LoadOptions& options) {
  const Result<std::string> url = session.url();
  if (!url) return url.error();
  std::optional<Producer> producer;
  if (!url->starts_with("memory:")) {
    Result<Producer> started = Producer::start([&session] { return session.open(); });
    if (!started) return started.error();
    producer.emplace(std::move(*started));
  }
  const Result<BrokerPtr> broker = session.open();
  if (!broker) return broker.error();
  set_log_level(LogLevel::kWarn);  // a line for each start and stop of a server would drown the phases
  const Report report{describe_machine(), *url, options.tasks, options.payload, options.concurrency};
  const auto say = [](std::string_view phase) { std::fprintf(stderr, "%.*s ...\n", static_cast<int>(phase.size()), phase.data()); };
  const Result<LoadFigures> figures = run_load(*broker, producer ? &*producer : nullptr, options, say);
  if (!figures) return figures.error();
  if (session.json) return Session::print(as_json(report, *figures));
  print_report(report, *figures);
  return kOk;
}

}  // namespace

void add_bench(CLI::App& app, Session& session) {
  const auto options = std::make_shared<LoadOptions>();
  CLI::App* cmd = app.add_subcommand("bench", "Measure this broker on this machine, on queues of its own");
  cmd->add_option("--tasks", options->tasks, "tasks of the phases that process (default 200000)")->check(CLI::PositiveNumber);
  cmd->add_option("--payload", options->payload, "bytes a payload (default 100)");
  cmd->add_option("--concurrency", options->concurrency, "handlers at once (default 10)")->check(CLI::PositiveNumber);
  cmd->add_option("--seconds", options->phase_seconds, "length of each enqueue phase (default 3)")->check(CLI::PositiveNumber);
  cmd->add_option("--backlog", options->backlog, "also measure with so many tasks waiting (default: not)");
  cmd->add_option("--due", options->due_at_once, "also measure so many tasks that come due at one moment (default: not)");
  cmd->add_option("--only", options->only, "phases to run, with commas (default: all)")
      ->delimiter(',')
      ->check(CLI::IsMember(kLoadPhases));
  cmd->add_option("--producer", options->producer, "COMMAND that enqueues from outside for \"pickup\": called with QUEUE COUNT");
  cmd->callback([options, &session] { session.run = [options, &session] { return bench(session, *options); }; });
}

}  // namespace windlass::app
