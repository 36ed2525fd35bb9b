// fault_harness: runs scenarios, prints a line for each run, and ends with 1 if a promise was broken.
#include <cstdlib>
#include <fstream>
#include <iomanip>
#include <iostream>
#include <string>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "fault/run.hpp"

namespace windlass::fault {
namespace {

nlohmann::json json_of(const Scenario& scenario, const RunOptions& options, const Report& report) {
  const Findings& f = report.findings;
  return {{"scenario", scenario.name}, {"what", scenario.what}, {"system", options.asynq ? "asynq" : options.go_server ? "mixed" : "windlass"},
          {"seed", options.seed}, {"seconds", options.seconds}, {"acked", f.acked}, {"unknown", f.unknown}, {"refused", f.refused},
          {"done", f.done}, {"archived", f.archived}, {"twice", f.twice}, {"lost", f.lost}, {"stuck", f.stuck}, {"overlaps", f.overlaps},
          {"early", f.early}, {"late", f.late}, {"unique_broken", f.unique_broken}, {"ticks", f.ticks}, {"ticks_missed", f.ticks_missed},
          {"ticks_twice", f.ticks_twice}, {"not_promised", f.not_promised}, {"loss_window_ns", f.loss_window_ns}, {"troubles", report.troubles},
          {"promised", report.promise.nothing_lost}, {"violations", report.violations}};
}

void print(const Report& report) {
  const Findings& f = report.findings;
  std::cout << "  acknowledged " << f.acked << ", done " << f.done << ", archived " << f.archived << ", lost " << f.lost << ", twice " << f.twice
            << ", unknown " << f.unknown << ", refused " << f.refused << ", overlaps " << f.overlaps << ", early " << f.early << ", late " << f.late
            << ", locks broken " << f.unique_broken << ", ticks " << f.ticks << " (missed " << f.ticks_missed << ", twice " << f.ticks_twice
            << "), not promised by Go " << f.not_promised << ", loss window " << f.loss_window_ns / 1'000'000 << " ms\n ";
  for (const auto& [what, times] : report.troubles) std::cout << ' ' << what << " x " << times << ';';
  std::cout << '\n';
  for (const std::string& violation : report.violations) std::cout << "  BROKEN: " << violation << '\n';
  for (const std::string& example : report.findings.examples) {
    if (!report.violations.empty()) std::cout << "    " << example << '\n';
  }
  std::cout << std::flush;
}

int run(int argc, char** argv) {
  CLI::App app("Runs clients and servers on a store that fails, and checks what they saw");
  std::vector<std::string> names;
  RunOptions options;
  int runs = 1;
  std::string json_file;
  bool list = false;
  app.add_option("scenario", names, "which (default: all)");
  app.add_option("--seconds", options.seconds, "of trouble in each run")->capture_default_str();
  app.add_option("--rate", options.rate, "tasks a second from each of two clients")->capture_default_str();
  app.add_option("--runs", runs, "of each scenario")->capture_default_str();
  app.add_option("--seed", options.seed, "of the first run; chooses troubles and their times (default: by chance)");
  app.add_flag("--asynq", options.asynq, "clients and servers are Go Asynq's, where a scenario can be run with them");
  app.add_flag("--go-server", options.go_server, "one of the three servers is Go Asynq's, where a scenario can be run so");
  app.add_option("--keep", options.keep, "copy histories and logs of each run into this folder");
  app.add_option("--json", json_file, "append a line of JSON for each run to this file");
  app.add_flag("--list", list, "print the names of all scenarios, and run none");
  CLI11_PARSE(app, argc, argv);
  if (options.seed == 0) options.seed = base::Random::seeded().next() % 1'000'000;

  const auto all = scenarios();
  if (list) {
    for (const Scenario& scenario : all) std::cout << scenario.name << '\n';
    return 0;
  }
  for (const std::string& name : names) {
    if (std::ranges::none_of(all, [&](const Scenario& s) { return s.name == name; })) {
      std::cerr << "no scenario '" << name << "'; there are:";
      for (const Scenario& s : all) std::cerr << ' ' << s.name;
      std::cerr << '\n';
      return 2;
    }
  }
  int passed = 0, failed = 0, skipped = 0;
  for (const Scenario& scenario : all) {
    if (!names.empty() && std::ranges::find(names, scenario.name) == names.end()) continue;
    std::string skip = scenario.skip;
    if ((options.asynq || options.go_server) && !scenario.with_go) skip = "Go Asynq cannot be part of it";
    if (options.asynq && scenario.replicated) skip = "Go Asynq has no such durability";
    if ((options.asynq || options.go_server) && !std::ifstream(WINDLASS_FAULT_GO_PEER)) skip = "the Go program is not there (no Go, or no module proxy)";
    if (!skip.empty()) {
      std::cout << scenario.name << ": skipped: " << skip << '\n';
      ++skipped;
      continue;
    }
    for (int i = 0; i < runs; ++i) {
      RunOptions one = options;
      one.seed += static_cast<std::uint64_t>(i);
      std::cout << scenario.name << " (" << scenario.what << "), --seconds " << one.seconds << " --seed " << one.seed << std::endl;
      Report report;
      try {
        report = run_scenario(scenario, one);
      } catch (const std::exception& e) {
        report.violations.push_back(std::string("the run came to no end: ") + e.what());
      }
      print(report);
      // What Go Asynq does by itself is measured, and no fault of ours.
      ++(report.violations.empty() || options.asynq ? passed : failed);
      if (!json_file.empty()) std::ofstream(json_file, std::ios::app) << json_of(scenario, one, report).dump() << '\n';
    }
  }
  std::cout << passed << " passed, " << failed << " failed, " << skipped << " skipped\n";
  return failed == 0 ? 0 : 1;
}

}  // namespace
}  // namespace windlass::fault

int main(int argc, char** argv) { return windlass::fault::run(argc, argv); }
