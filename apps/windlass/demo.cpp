// windlass demo: the main job on real files, with everything a queue must be able to do, and an independent check of all of it.
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <thread>

#include <CLI/CLI.hpp>

#include <windlass/log.hpp>

#include "core/text.hpp"
#include "demo_check.hpp"
#include "demo_digest.hpp"
#include "demo_load.hpp"
#include "demo_ticks.hpp"
#include "output.hpp"
#include "session.hpp"

namespace windlass::app {
namespace {

using namespace std::chrono_literals;
using Steady = std::chrono::steady_clock;

constexpr int kPings = 100;
// Nothing was finished for so long: something is stuck.
constexpr auto kPatience = 60s;
constexpr std::size_t kFilesEnough = 1000;

// Small containers come without most of /usr/share/doc; the headers that the build needs are there.
std::string default_folder() {
  return regular_files("/usr/share/doc").size() >= kFilesEnough ? "/usr/share/doc" : "/usr/include";
}

Result<std::string> fresh_store() {
  std::error_code failed;
  std::string folder = (std::filesystem::temp_directory_path(failed) / "windlass-demo-XXXXXX").string();
  if (failed || ::mkdtemp(folder.data()) == nullptr) return Error(ErrorCode::kUnavailable, "cannot make a folder like " + folder);
  return "sqlite:" + folder + "/demo.db";
}

// A bar that is redrawn on a terminal; elsewhere a line every second.
class Progress {
 public:
  void show(std::size_t done, std::size_t total) {
    const auto time = Steady::now();
    if (time - shown_ < (terminal_ ? 50ms : 1000ms) && done < total) return;
    shown_ = time;
    const std::size_t percent = total == 0 ? 100 : 100 * done / total;
    std::string line = std::to_string(done) + " of " + std::to_string(total) + " tasks done";
    if (terminal_) line = "\r[" + std::string(percent * 2 / 5, '#') + std::string(40 - percent * 2 / 5, '.') + "] " + line + "\x1b[K";
    else line += "\n";
    std::fputs(line.c_str(), stderr);
  }
  void end() const {
    if (terminal_) std::fputs("\n", stderr);
  }

 private:
  const bool terminal_ = ::isatty(STDERR_FILENO) != 0;
  Steady::time_point shown_{};
};

class Demo {
 public:
  Demo(BrokerPtr broker, std::string url, std::string folder, bool json)
      : broker_(std::move(broker)), inspector_(broker_), ticks_(broker_), url_(std::move(url)), folder_(std::move(folder)), json_(json) {}

  Result<int> run() {
    const std::vector<std::string> files = regular_files(folder_);
    if (files.empty()) return Error(ErrorCode::kInvalidArgument, "no file that can be read below " + folder_);
    if (!json_) put("windlass demo: SHA-256 and gzip size of " + std::to_string(files.size()) + " files below " + printable(folder_) + "\n");
    if (Status done = process(files); !done) return done.error();
    if (verdict_.problems.empty()) verdict_ = check_demo(broker_, plan_, seen_);
    std::sort(pickups_.begin(), pickups_.end());
    if (json_) (void)Session::print(to_json());
    else show();
    return verdict_.problems.empty() ? kOk : kFailed;
  }

 private:
  Status process(const std::vector<std::string>& files) {
    if (Status s = enqueue_specials(broker_, plan_); !s) return s;
    Server server(broker_, demo_config());
    if (Status s = server.start(demo_mux(seen_)); !s) return s;
    start_ = Steady::now();
    if (Status s = ticks_.start(); !s) return s.error().at("starting the schedulers");
    if (Status s = enqueue_files(broker_, files, plan_, [this] { show_progress(); }); !s) return s;
    if (Status s = ticks_.finish(plan_); !s) return s;
    if (Status s = wait_for_end(); !s) return s;
    work_seconds_ = std::chrono::duration<double>(Steady::now() - start_).count();
    tasks_timed_ = plan_.total();
    auto pickups = measure_pickup(broker_, seen_, plan_, kPings);
    if (!pickups) return pickups.error();
    pickups_ = *std::move(pickups);
    Status ended = wait_for_end();
    server.stop();
    for (const std::string& id : seen_.aggregate_ids()) plan_.tasks[id] = {};
    return ended;
  }

  std::uint64_t show_progress() {
    const std::uint64_t left = demo_remaining(inspector_).value_or(UINT64_MAX);
    if (left <= plan_.total()) progress_.show(plan_.total() - left, plan_.total());
    return left;
  }

  Status wait_for_end() {
    std::uint64_t last = UINT64_MAX;
    auto moved = Steady::now();
    for (std::uint64_t left = show_progress(); left > 0; left = show_progress()) {
      if (left != last) moved = Steady::now();
      last = left;
      if (Steady::now() - moved > kPatience) {
        verdict_.problems.push_back(std::to_string(left) + " tasks do not come to an end");
        break;
      }
      std::this_thread::sleep_for(20ms);
    }
    progress_.end();
    return {};
  }

  // Seconds; `share` of the pick-ups took no longer.
  double pickup(double share) const {
    return pickups_.empty() ? 0 : pickups_[static_cast<std::size_t>(share * static_cast<double>(pickups_.size() - 1))];
  }
  static std::string text_of(double seconds) {
    return short_duration(std::chrono::duration_cast<Duration>(std::chrono::duration<double>(seconds)));
  }
  double tasks_a_second() const { return static_cast<double>(tasks_timed_) / work_seconds_; }

  codec::Value tick_json() {
    const auto tick = seen_.tick();
    if (!tick) return {};
    return codec::Value::Object{{"nominal", core::format_time(tick->nominal)}, {"started", core::format_time(tick->started)}};
  }

  codec::Value to_json() {
    codec::Value::Array problems;
    for (const std::string& problem : verdict_.problems) problems.push_back(problem);
    return codec::Value::Object{{"ok", verdict_.problems.empty()},
                                {"tasks", plan_.total()},
                                {"delayed", plan_.delayed},
                                {"retries", verdict_.retries},
                                {"expired", verdict_.expired},
                                {"duplicates_refused", plan_.duplicates_refused},
                                {"ticks", plan_.ticks},
                                {"ticks_refused", plan_.ticks_refused},
                                {"tick", tick_json()},
                                {"grouped", plan_.grouped},
                                {"aggregates", seen_.aggregate_ids().size()},
                                {"crashes", verdict_.crashes_contained},
                                {"verified", verdict_.verified},
                                {"bytes", verdict_.bytes},
                                {"gzip_bytes", verdict_.gzip_bytes},
                                {"seconds", work_seconds_},
                                {"tasks_per_second", tasks_a_second()},
                                {"pickup_p50_ms", 1000 * pickup(0.50)},
                                {"pickup_p99_ms", 1000 * pickup(0.99)},
                                {"problems", std::move(problems)},
                                {"broker", url_}};
  }

  void show() {
    show_table();
    for (std::size_t i = 0; i < std::min<std::size_t>(verdict_.problems.size(), 20); ++i) {
      put("problem: " + printable(verdict_.problems[i]) + "\n");
    }
    // As it was called, so that the lines can be pasted.
    const std::string tool = std::string("  ") + program_invocation_name + " --broker " + url_ + " ";
    put("\nEverything is still there to look at:\n" + tool + "stats\n" + tool + "task ls --queue demo-critical --state archived\n" + tool +
        "task ls --queue demo-low --state completed --type demo:digest --limit 5\n\n");
    const std::string figures = "tasks=" + std::to_string(plan_.total()) + " retries=" + std::to_string(verdict_.retries) +
                                " expired=" + std::to_string(verdict_.expired) +
                                " duplicates_refused=" + std::to_string(plan_.duplicates_refused) +
                                " verified=" + std::to_string(verdict_.verified) +
                                " crashes_contained=" + std::to_string(verdict_.crashes_contained);
    const std::size_t problems = verdict_.problems.size();
    put((problems == 0 ? "demo: OK " : "demo: FAILED problems=" + std::to_string(problems) + " ") + figures + "\n");
  }

  void show_table() {
    const double megabytes = static_cast<double>(verdict_.bytes) / 1e6;
    Table table({"DEMO", ">RESULT"});
    table.add({"tasks", std::to_string(plan_.total())});
    table.add({"delayed", std::to_string(plan_.delayed)});
    table.add({"retries", std::to_string(verdict_.retries)});
    table.add({"expired unseen", std::to_string(verdict_.expired)});
    table.add({"duplicates refused", std::to_string(plan_.duplicates_refused)});
    table.add({"ticks, one task each", std::to_string(plan_.ticks)});
    table.add({"ticks refused to the second scheduler", std::to_string(plan_.ticks_refused)});
    if (const auto tick = seen_.tick()) {
      table.add({"a tick: nominal time, handler started",
                 core::format_time(tick->nominal) + ", " + short_duration(tick->started - tick->nominal) + " later"});
    }
    table.add({"tasks aggregated", std::to_string(seen_.grouped.load()) + " into " + std::to_string(seen_.aggregate_ids().size())});
    table.add({"crashes contained (SIGSEGV)", std::to_string(verdict_.crashes_contained)});
    table.add({"digests verified by sha256sum", std::to_string(verdict_.verified)});
    table.add({"read, and gzipped", short_bytes(verdict_.bytes) + ", " + short_bytes(verdict_.gzip_bytes)});
    table.add({"time", text_of(work_seconds_)});
    table.add({"throughput", std::to_string(static_cast<int>(tasks_a_second())) + " tasks/s, " +
                                 std::to_string(static_cast<int>(megabytes / work_seconds_)) + " MB/s"});
    table.add({"pick-up on idle queues p50, p99", text_of(pickup(0.50)) + ", " + text_of(pickup(0.99))});
    put("\n");
    table.print();
  }

  BrokerPtr broker_;
  Inspector inspector_;
  DemoTicks ticks_;
  const std::string url_, folder_;
  const bool json_;
  DemoPlan plan_;
  DemoSeen seen_;
  DemoVerdict verdict_;
  Progress progress_;
  Steady::time_point start_;
  double work_seconds_ = 0;
  std::size_t tasks_timed_ = 0;
  std::vector<double> pickups_;
};

Result<int> demo(const Session& session, const std::string& folder) {
  // The task that crashes on purpose runs in a child: this program, started again.
  DemoSeen unseen;
  serve_if_child(demo_mux(unseen));
  // What fails on purpose would be most of the log.
  set_log_level(LogLevel::kError);
  Result<std::string> url = session.broker_url.empty() ? fresh_store() : Result<std::string>(session.broker_url);
  if (!url) return url.error();
  const Result<BrokerPtr> broker = open_broker(*url);
  if (!broker) return broker.error();
  return Demo(*broker, *url, folder.empty() ? default_folder() : folder, session.json).run();
}

}  // namespace

void add_demo(CLI::App& app, Session& session) {
  CLI::App* command = app.add_subcommand("demo", "The main job on real files, with a check of everything");
  auto folder = std::make_shared<std::string>();
  command->add_option("DIR", *folder, "its files are digested (default: /usr/share/doc)");
  command->callback([&session, folder] { session.run = [&session, folder] { return demo(session, *folder); }; });
}

}  // namespace windlass::app
