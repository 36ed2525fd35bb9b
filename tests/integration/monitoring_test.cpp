// The dashboard and the alerts, with a Prometheus that scrapes an exporter, a worker and a scheduler.
#include <cstring>

#include <nlohmann/json.hpp>

#include "http_client/call.hpp"
#include "metrics_fixture.hpp"
#include "support/child_process.hpp"

namespace windlass::testing {
namespace {

using nlohmann::json;

const std::string kFolder = WINDLASS_SOURCE_DIR "/monitoring";

std::string url_encoded(const std::string& text) {
  static constexpr char kHex[] = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    out += {'%', kHex[byte >> 4], kHex[byte & 15]};
  }
  return out;
}

// The expressions of the dashboard, with its variables filled in as Grafana does it.
std::vector<std::string> dashboard_expressions() {
  std::ifstream file(kFolder + "/grafana-dashboard.json");
  const json dashboard = json::parse(file);
  std::vector<std::string> expressions;
  for (const json& panel : dashboard["panels"]) {
    const json targets = panel.value("targets", json::array());
    for (const json& target : targets) {
      std::string text = target["expr"];
      for (const auto& [name, value] : {std::pair("$__rate_interval", "1m"), {"$queue", ".*"}, {"$job", ".*"}}) {
        for (std::size_t at; (at = text.find(name)) != std::string::npos;) text.replace(at, std::strlen(name), value);
      }
      expressions.push_back(text);
    }
  }
  return expressions;
}

std::string read_all(const std::string& name) {
  std::ifstream file(name);
  return {std::istreambuf_iterator<char>(file), {}};
}

// The metrics that a text names, without the suffixes of histograms.
std::set<std::string> names_in(const std::string& text) {
  std::set<std::string> names;
  const std::regex name("\\b(windlass|process|asynq)_[a-z_]+\\b");
  for (std::sregex_iterator it(text.begin(), text.end(), name), end; it != end; ++it) {
    names.insert(std::regex_replace(it->str(), std::regex("_(bucket|sum|count)$"), ""));
  }
  return names;
}

// A Prometheus on a free port, with the rules of the project.
class Prometheus {
 public:
  Prometheus(const std::string& folder, const std::vector<std::string>& addresses)
      : program_({"prometheus", "--config.file=" + write_config(folder, addresses), "--storage.tsdb.path=" + folder + "/data",
                  "--web.listen-address=127.0.0.1:0", "--log.level=info"}) {
    const std::regex line("Listening on\"? address=([0-9.:]+)\\s");
    std::smatch found;
    while (!std::regex_search(program_.err(), found, line)) {
      const int lines = RunningProgram::count(program_.err(), "\n");
      if (!program_.wait_for_more_errors(lines)) throw std::runtime_error("prometheus: " + program_.err());
    }
    address_ = found[1];
    // It listens before it answers.
    const auto until = std::chrono::steady_clock::now() + std::chrono::minutes(2);
    while (get(address_, "/-/ready").status != 200) {
      if (std::chrono::steady_clock::now() > until) throw std::runtime_error("prometheus does not get ready: " + program_.err());
      ::usleep(20'000);
    }
  }

  json api(const std::string& target) const { return json::parse(get(address_, "/api/v1/" + target).body); }
  json query(const std::string& expression) const { return api("query?query=" + url_encoded(expression)); }
  // Asks until there is an answer that is not empty. False if there is none for two minutes, however slow the machine is.
  bool wait_for(const std::string& expression) const {
    const auto until = std::chrono::steady_clock::now() + std::chrono::minutes(2);
    for (;;) {
      const json answer = query(expression);
      if (answer["status"] == "success" && !answer["data"]["result"].empty()) return true;
      if (std::chrono::steady_clock::now() > until) return false;
      ::usleep(50'000);
    }
  }

 private:
  static std::string write_config(const std::string& folder, const std::vector<std::string>& addresses) {
    std::ofstream config(folder + "/prometheus.yml");
    config << "global: {scrape_interval: 1s, scrape_timeout: 1s, evaluation_interval: 500ms}\n"
           << "rule_files: [" << kFolder << "/alerts.yml]\nscrape_configs:\n  - job_name: windlass\n    static_configs:\n      - targets: [";
    for (const std::string& address : addresses) config << '"' << address << "\",";
    config << "]\n";
    return folder + "/prometheus.yml";
  }

  RunningProgram program_;
  std::string address_;
};

class Monitoring : public Cli {
 protected:
  void SetUp() override {
    if (!program_exists("prometheus")) GTEST_SKIP() << "prometheus is not installed";
  }
  ServingProgram serve(Arguments arguments) const {
    arguments.insert(arguments.end(), {arguments[0] == "exporter" ? "--listen" : "--metrics-listen", "127.0.0.1:0"});
    return ServingProgram(with_broker(arguments));
  }
};

TEST_F(Monitoring, PromtoolFindsNothingWrongWithAlertsAndTheirTests) {
  for (const Arguments& check : {Arguments{"check", "rules", kFolder + "/alerts.yml"}, {"test", "rules", kFolder + "/alerts_test.yml"},
                                 {"check", "config", kFolder + "/prometheus.yml"}}) {
    Arguments argv{"promtool"};
    argv.insert(argv.end(), check.begin(), check.end());
    const Ran checked = run(argv);
    EXPECT_EQ(checked.code, 0) << checked.out << checked.err;
  }
}

TEST_F(Monitoring, APrometheusScrapesEverythingThatDashboardAndAlertsName) {
  write_file(path("s.toml"), "[[entry]]\nname = \"tick\"\ncron = \"@every 1s\"\ntype = \"good\"\n");
  const ServingProgram exporter = serve({"exporter"});
  const ServingProgram worker = serve({"work", "--exec", "good=true", "--exec", "bad=sh -c 'kill -SEGV $$'", "--traces", "http://127.0.0.1:1/"});
  const ServingProgram scheduler = serve({"schedule", path("s.toml")});
  const Prometheus prometheus(folder_, {exporter.address(), worker.address(), scheduler.address()});
  ASSERT_TRUE(prometheus.wait_for("count(up == 1) == 3"));

  ASSERT_EQ(windlass({"enqueue", "bad", "--max-retry", "0"}).code, 0);
  EXPECT_TRUE(prometheus.wait_for("increase(windlass_scheduler_ticks_total{outcome=\"enqueued\"}[1m]) > 0"));
  EXPECT_TRUE(prometheus.wait_for("rate(windlass_queue_processed_total{queue=\"default\"}[1m]) > 0"));
  EXPECT_TRUE(prometheus.wait_for("histogram_quantile(0.5, sum by (le) (rate(windlass_task_run_seconds_bucket{type=\"good\"}[1m])))"));
  EXPECT_TRUE(prometheus.wait_for("ALERTS{alertname=\"WindlassHandlersCrash\",alertstate=\"firing\",type=\"bad\",kind=\"signal\"}"));

  std::set<std::string> scraped;
  const json names = prometheus.api("label/__name__/values");
  for (const json& name : names["data"]) scraped.merge(names_in(name.get<std::string>()));
  const std::vector<std::string> expressions = dashboard_expressions();
  EXPECT_GT(expressions.size(), 30u);
  std::string named = read_all(kFolder + "/alerts.yml");
  for (const std::string& expression : expressions) {
    named += expression + "\n";
    // What is hidden where it is nothing has data all the same.
    EXPECT_TRUE(prometheus.wait_for(std::regex_replace(expression, std::regex(" > 0$"), ""))) << expression;
  }
  for (const std::string& name : names_in(named)) EXPECT_TRUE(scraped.contains(name)) << name;

  const json rules = prometheus.api("rules");
  std::size_t count = 0;
  for (const json& group : rules["data"]["groups"]) {
    for (const json& rule : group["rules"]) {
      ++count;
      EXPECT_EQ(rule["health"], "ok") << rule;
    }
  }
  EXPECT_GE(count, 14u);
}

}  // namespace
}  // namespace windlass::testing
