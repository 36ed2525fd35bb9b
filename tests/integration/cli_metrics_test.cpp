// Metrics of the tool as a Prometheus reads them, and the page that describes them.
#include <windlass/dq.hpp>
#include <windlass/metrics.hpp>

#include "metrics_fixture.hpp"
#include "support/child_process.hpp"

namespace windlass::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class CliMetrics : public Cli {
 protected:
  ServingProgram exporter(Arguments more = {}) const {
    Arguments arguments{"exporter", "--listen", "127.0.0.1:0"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return ServingProgram(with_broker(arguments));
  }
  ServingProgram worker(const std::string& rule, Arguments more = {}) const {
    Arguments arguments{"work", "--exec", rule, "--metrics-listen", "127.0.0.1:0"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return ServingProgram(with_broker(arguments));
  }
  // With an entry that ticks each second.
  ServingProgram scheduler() const {
    write_file(path("s.toml"), "[[entry]]\nname = \"tick\"\ncron = \"@every 1s\"\ntype = \"t\"\n");
    return ServingProgram(with_broker({"schedule", path("s.toml"), "--metrics-listen", "127.0.0.1:0"}));
  }
  // What promtool has to say of a scrape; "" is best.
  Ran promtool(const std::string& scrape) const {
    return run({"promtool", "check", "metrics"}, scrape);
  }
};

TEST_F(CliMetrics, TheExporterSaysWhatTheStoreHolds) {
  for (const char* id : {"a", "b", "c"}) ASSERT_EQ(windlass({"enqueue", "t", "--id", id}).code, 0);
  ASSERT_EQ(windlass({"enqueue", "t", "--queue", "<b>\"two\\words\"\nof ü</b>"}).code, 0);
  ASSERT_EQ(windlass({"task", "archive", "c"}).code, 0);
  ASSERT_EQ(windlass({"queue", "pause", "default"}).code, 0);
  const ServingProgram exports = exporter();
  const std::string text = exports.scrape();
  EXPECT_THAT(text, HasSubstr("\nwindlass_broker_up 1\n"));
  EXPECT_THAT(text, HasSubstr("\nwindlass_queues 2\n"));
  EXPECT_THAT(text, HasSubstr("windlass_queue_tasks{queue=\"default\",state=\"pending\"} 2\n"));
  EXPECT_THAT(text, HasSubstr("windlass_queue_tasks{queue=\"default\",state=\"archived\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("windlass_queue_paused{queue=\"default\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("windlass_queue_tasks{queue=\"<b>\\\"two\\\\words\\\"\\nof ü</b>\",state=\"pending\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("\nprocess_resident_memory_bytes "));
  EXPECT_THAT(text, Not(HasSubstr("asynq_")));
}

TEST_F(CliMetrics, ThePageIsTextOfPrometheusAndTheOnlyOne) {
  const ServingProgram exports = exporter();
  const auto page = get(exports.address(), "/metrics");
  EXPECT_EQ(page.status, 200);
  EXPECT_EQ(page.headers.at("content-type"), Metrics::kTextType);
  EXPECT_EQ(get(exports.address(), "/").status, 404);
}

TEST_F(CliMetrics, TheExporterHasAsynqsNamesIfAsked) {
  ASSERT_EQ(windlass({"enqueue", "t"}).code, 0);
  const std::string text = exporter({"--asynq-names"}).scrape();
  EXPECT_THAT(text, HasSubstr("# HELP asynq_tasks_enqueued_total Number of tasks enqueued; broken down by queue and state.\n"
                              "# TYPE asynq_tasks_enqueued_total gauge\n"));
  EXPECT_THAT(text, HasSubstr("asynq_tasks_enqueued_total{queue=\"default\",state=\"pending\"} 1\n"));
  EXPECT_THAT(text, Not(HasSubstr("asynq_tasks_enqueued_total{queue=\"default\",state=\"aggregating\"}")));
  EXPECT_THAT(text, HasSubstr("\nasynq_queue_size{queue=\"default\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("\n# TYPE asynq_tasks_processed_total counter\nasynq_tasks_processed_total{queue=\"default\"} 0\n"));
}

TEST_F(CliMetrics, AWorkerCountsWhatItDoes) {
  ASSERT_EQ(windlass({"enqueue", "good", "--id", "g"}).code, 0);
  ASSERT_EQ(windlass({"enqueue", "bad", "--max-retry", "0"}).code, 0);
  ASSERT_EQ(windlass({"enqueue", "unknown", "--max-retry", "0"}).code, 0);
  const ServingProgram works = worker("good=true", {"--exec", "bad=sh -c 'kill -SEGV $$'", "--concurrency", "3"});
  EXPECT_TRUE(works.wait_for("windlass_tasks_finished_total{outcome=\"archived\"} 2\n")) << works.scrape();
  EXPECT_TRUE(works.wait_for("windlass_tasks_finished_total{outcome=\"done\"} 1\n")) << works.scrape();
  const std::string text = works.scrape();
  EXPECT_THAT(text, HasSubstr("windlass_task_failures_total{type=\"bad\",kind=\"signal\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("windlass_task_failures_total{type=\"other\",kind=\"no_handler\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("windlass_task_failures_total{type=\"good\",kind=\"signal\"} 0\n"));
  EXPECT_THAT(text, HasSubstr("windlass_task_run_seconds_count{type=\"good\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("windlass_task_wait_seconds_count{type=\"good\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("windlass_concurrency 3\n"));
  EXPECT_THAT(text, HasSubstr("windlass_tasks_running 0\n"));
  EXPECT_THAT(text, HasSubstr("windlass_broker_batch_tasks_sum{call=\"fetch\"} 3\n"));
}

TEST_F(CliMetrics, ASchedulerCountsItsTicks) {
  const ServingProgram schedules = scheduler();
  const std::regex some("windlass_scheduler_ticks_total\\{outcome=\"enqueued\"\\} [1-9]");
  EXPECT_TRUE(schedules.wait_until([&](const std::string& text) { return std::regex_search(text, some); })) << schedules.scrape();
  EXPECT_THAT(schedules.scrape(), HasSubstr("windlass_scheduler_tick_lateness_seconds_count "));
}

TEST_F(CliMetrics, AnAddressThatIsNoneOrTakenIsAnErrorThatNamesIt) {
  const Ran none = windlass({"exporter", "--listen", "nonsense"});
  EXPECT_EQ(none.code, 2);
  EXPECT_THAT(none.err, HasSubstr("'nonsense' is no HOST:PORT"));
  const ServingProgram exports = exporter();
  const Ran taken = windlass({"exporter", "--listen", exports.address()});
  EXPECT_EQ(taken.code, 5) << taken.err;
  EXPECT_THAT(taken.err, HasSubstr(exports.address()));
  EXPECT_EQ(windlass({"work", "--exec", "t=true", "--metrics-listen", exports.address()}).code, 5);
}

TEST_F(CliMetrics, ItEndsWellOnSigterm) {
  ServingProgram exports = exporter();
  EXPECT_EQ(exports.program().end(), 0);
}

TEST_F(CliMetrics, PromtoolFindsNothingWrongWithThePages) {
  if (!program_exists("promtool")) GTEST_SKIP() << "promtool is not installed (package prometheus)";
  ASSERT_EQ(windlass({"enqueue", "t", "--queue", "<b>\"two\\words\"\nof ü</b>"}).code, 0);
  const ServingProgram exports = exporter();
  const ServingProgram works = worker("t=true");
  const ServingProgram schedules = scheduler();
  EXPECT_TRUE(works.wait_for("\nwindlass_concurrency "));
  EXPECT_TRUE(schedules.wait_for("\nwindlass_scheduler_ticks_total{"));
  std::vector<std::string> pages;
  for (const ServingProgram* program : {&exports, &works, &schedules}) pages.push_back(program->scrape());
  const ServingProgram consumes({WINDLASS_TOOL, "dq", "consume", "--node", "127.0.0.1:1/tube", "--node", "127.0.0.1:2/tube", "--lock",
                                 "sqlite:" + path("locks.db"), "--exec", "cat", "--metrics-listen", "127.0.0.1:0"});
  EXPECT_TRUE(consumes.wait_for("\nwindlass_dq_connected{"));
  pages.push_back(consumes.scrape());
  RunningProgram web(with_broker({"web", "--listen", "127.0.0.1:0"}));
  const std::regex url("http://(127\\.0\\.0\\.1:[0-9]+)");
  std::smatch found;
  ASSERT_TRUE(web.wait_for("/\n")) << web.err();
  ASSERT_TRUE(std::regex_search(web.out(), found, url)) << web.out();
  pages.push_back(get(found[1], "/metrics").body);
  EXPECT_THAT(pages.back(), HasSubstr("windlass_queue_tasks"));
  for (const std::string& page : pages) {
    const Ran checked = promtool(page);
    EXPECT_EQ(checked.code, 0) << checked.out << checked.err << page;
  }
}

TEST_F(CliMetrics, PromtoolReadsAsynqsNamesAndMindsThemAsItDoesAsynqs) {
  if (!program_exists("promtool")) GTEST_SKIP() << "promtool is not installed (package prometheus)";
  ASSERT_EQ(windlass({"enqueue", "t"}).code, 0);
  const Ran checked = promtool(exporter({"--asynq-names"}).scrape());
  EXPECT_EQ(checked.code, 3) << "3: style only; 1: cannot be read";
  std::istringstream lines(checked.out + checked.err);
  for (std::string line; std::getline(lines, line);) EXPECT_EQ(line.find("asynq_"), 0u) << line;
}

// Name and kind of each metric in the tables of the page.
std::map<std::string, std::string> documented() {
  std::map<std::string, std::string> kinds;
  std::ifstream page(WINDLASS_SOURCE_DIR "/docs/reference/metrics.md");
  const std::regex row(R"(^\| `([a-z_]+)` \| ([a-z]+) \|)");
  for (std::string line; std::getline(page, line);) {
    std::smatch found;
    if (std::regex_search(line, found, row)) kinds[found[1]] = found[2];
  }
  return kinds;
}

TEST_F(CliMetrics, ThePageDescribesAllMetricsAndNoOthers) {
  ASSERT_EQ(windlass({"enqueue", "t"}).code, 0);
  std::map<std::string, std::string> seen;
  const auto see = [&](const std::string& text) { seen.merge(kinds_of(text)); };
  see(exporter({"--asynq-names"}).scrape());
  const ServingProgram works = worker("t=true", {"--traces", "http://127.0.0.1:1/v1/traces"});
  EXPECT_TRUE(works.wait_for("\nwindlass_concurrency "));  // it serves metrics a little before it runs
  see(works.scrape());
  const ServingProgram schedules = scheduler();
  EXPECT_TRUE(schedules.wait_for("\nwindlass_scheduler_ticks_total{"));
  see(schedules.scrape());
  Metrics metrics;
  const dq::Nodes nodes{{"127.0.0.1:1", "tube"}, {"127.0.0.1:2", "tube"}};
  const dq::Producer producer = std::move(dq::Producer::open(nodes).value());
  const dq::Consumer consumer(nodes, dq::open_lock_store("sqlite:" + path("locks.db")).value(), [](Context&) { return Outcome::done(); });
  const auto produced = metrics.add_collector(dq::stats_collector(producer));
  const auto consumed = metrics.add_collector(dq::stats_collector(consumer));
  see(metrics.text());
  EXPECT_EQ(documented(), seen);
}

}  // namespace
}  // namespace windlass::testing
