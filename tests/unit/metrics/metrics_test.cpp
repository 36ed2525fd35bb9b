#include <windlass/metrics.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <stdexcept>
#include <thread>

#include "metrics/process.hpp"

namespace windlass {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST(Metrics, TextNamesEachMetricOnceWithHelpAndType) {
  Metrics metrics;
  metrics.counter("b_total", "Second.", {{"queue", "low"}}).add(2);
  metrics.counter("b_total", "Second.", {{"queue", "high"}}).add();
  metrics.gauge("a", "First.").set(-1.5);
  EXPECT_EQ(metrics.text(),
            "# HELP a First.\n# TYPE a gauge\na -1.5\n"
            "# HELP b_total Second.\n# TYPE b_total counter\nb_total{queue=\"high\"} 1\nb_total{queue=\"low\"} 2\n");
}

TEST(Metrics, HelpAndLabelValuesAreEscaped) {
  Metrics metrics;
  metrics.counter("x_total", "One\\two\nthree \"four\".", {{"v", "a\\b\nc\"d"}}).add();
  EXPECT_EQ(metrics.text(), "# HELP x_total One\\\\two\\nthree \"four\".\n# TYPE x_total counter\nx_total{v=\"a\\\\b\\nc\\\"d\"} 1\n");
}

TEST(Metrics, BytesThatAreNotUtf8BecomeReplacements) {
  Metrics metrics;
  metrics.counter("x_total", "X.", {{"v", "\xFF!"}}).add();
  EXPECT_THAT(metrics.text(), HasSubstr("x_total{v=\"\xEF\xBF\xBD!\"} 1\n"));
}

TEST(Metrics, SameNameAndLabelsAreTheSameSeries) {
  Metrics metrics;
  EXPECT_EQ(&metrics.counter("x_total", "X.", {{"v", "1"}}), &metrics.counter("x_total", "X.", {{"v", "1"}}));
  EXPECT_NE(&metrics.counter("x_total", "X.", {{"v", "1"}}), &metrics.counter("x_total", "X.", {{"v", "2"}}));
}

TEST(Metrics, BugsOfTheProgramThrow) {
  Metrics metrics;
  metrics.counter("x_total", "X.");
  EXPECT_THROW(metrics.gauge("x_total", "X."), std::invalid_argument);
  EXPECT_THROW(metrics.counter("", "X."), std::invalid_argument);
  EXPECT_THROW(metrics.counter("1x", "X."), std::invalid_argument);
  EXPECT_THROW(metrics.counter("x-y", "X."), std::invalid_argument);
  EXPECT_THROW(metrics.counter("y_total", "X.", {{"a-b", "1"}}), std::invalid_argument);
  EXPECT_THROW(metrics.counter("y_total", "X.", {{"a", "1"}, {"a", "2"}}), std::invalid_argument);
  EXPECT_THROW(metrics.histogram("h", "X.", {}), std::invalid_argument);
  EXPECT_THROW(metrics.histogram("h", "X.", {1, 1}), std::invalid_argument);
  EXPECT_THROW(metrics.histogram("h", "X.", {1, std::nan("")}), std::invalid_argument);
}

TEST(Metrics, SeriesThatAreTooManyAreCountedAsOther) {
  Metrics metrics;
  for (std::size_t i = 0; i < Metrics::kSeriesMax + 50; ++i) {
    metrics.counter("x_total", "X.", {{"v", std::to_string(i)}, {"w", "1"}}).add();
  }
  const std::string text = metrics.text();
  EXPECT_THAT(text, HasSubstr("x_total{v=\"999\",w=\"1\"} 1\n"));
  EXPECT_THAT(text, Not(HasSubstr("v=\"1000\"")));
  EXPECT_THAT(text, HasSubstr("x_total{v=\"other\",w=\"other\"} 50\n"));
}

TEST(Metrics, HistogramCountsUpToAndWithItsBounds) {
  Metrics metrics;
  Histogram& histogram = metrics.histogram("h_seconds", "H.", {0.5, 1}, {{"t", "a"}});
  for (const double value : {0.25, 0.5, 0.75, 1.0, 2.0}) histogram.observe(value);
  EXPECT_THAT(metrics.text(), HasSubstr("h_seconds_bucket{t=\"a\",le=\"0.5\"} 2\n"
                                        "h_seconds_bucket{t=\"a\",le=\"1\"} 4\n"
                                        "h_seconds_bucket{t=\"a\",le=\"+Inf\"} 5\n"
                                        "h_seconds_sum{t=\"a\"} 4.5\n"
                                        "h_seconds_count{t=\"a\"} 5\n"));
}

TEST(Metrics, HistogramsTakeDurationsAsSeconds) {
  Histogram histogram({1});
  histogram.observe(std::chrono::milliseconds(1500));
  EXPECT_EQ(histogram.values().sum, 1.5);
}

TEST(Metrics, GaugesShowWhatNoNumberIs) {
  Metrics metrics;
  metrics.gauge("a", "A.").set(std::numeric_limits<double>::infinity());
  metrics.gauge("b", "B.").set(-std::numeric_limits<double>::infinity());
  metrics.gauge("c", "C.").set(std::nan(""));
  EXPECT_THAT(metrics.text(), HasSubstr("\na +Inf\n"));
  EXPECT_THAT(metrics.text(), HasSubstr("\nb -Inf\n"));
  EXPECT_THAT(metrics.text(), HasSubstr("\nc NaN\n"));
}

TEST(Metrics, NothingIsLostBetweenThreads) {
  Metrics metrics;
  Counter& counter = metrics.counter("x_total", "X.");
  Histogram& histogram = metrics.histogram("h", "H.", {10});
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < 12; ++t) {
      threads.emplace_back([&] {
        for (int i = 0; i < 10000; ++i) {
          counter.add();
          histogram.observe(1.0);
        }
      });
    }
    for (int i = 0; i < 20; ++i) EXPECT_THAT(metrics.text(), HasSubstr("h_count"));
  }
  EXPECT_EQ(counter.value(), 120000u);
  EXPECT_EQ(histogram.values().count, 120000u);
  EXPECT_EQ(histogram.values().sum, 120000.0);
}

TEST(Metrics, CollectorsAreAskedForEachTextUntilTheyAreRemoved) {
  Metrics metrics;
  int asked = 0;
  auto collector = metrics.add_collector([&](MetricSamples& samples) { samples.gauge("asked", "A.", {}, ++asked); });
  EXPECT_THAT(metrics.text(), HasSubstr("asked 1\n"));
  EXPECT_THAT(metrics.text(), HasSubstr("asked 2\n"));
  collector.reset();
  EXPECT_EQ(metrics.text(), "");
}

TEST(Metrics, SamplesOfOneSeriesAreAddedUp) {
  Metrics metrics;
  metrics.counter("x_total", "X.", {{"v", "1"}}).add(1);
  const auto add = [](MetricSamples& samples) { samples.counter("x_total", "X.", {{"v", "1"}}, 10); };
  const auto one = metrics.add_collector(add);
  const auto two = metrics.add_collector(add);
  EXPECT_EQ(metrics.text(), "# HELP x_total X.\n# TYPE x_total counter\nx_total{v=\"1\"} 21\n");
}

TEST(Metrics, ACollectorThatThrowsTakesNothingFromTheOthers) {
  Metrics metrics;
  const auto bad = metrics.add_collector([](MetricSamples&) { throw std::runtime_error("no"); });
  const auto good = metrics.add_collector([](MetricSamples& samples) { samples.gauge("g", "G.", {}, 1); });
  EXPECT_THAT(metrics.text(), HasSubstr("g 1\n"));
}

TEST(Metrics, ACollectorMayOwnWhatHasACollectorOfItsOwn) {
  Metrics metrics;
  const auto inner = metrics.add_collector([](MetricSamples& samples) { samples.gauge("inner", "I.", {}, 1); });
  auto owned = std::make_shared<std::shared_ptr<void>>(metrics.add_collector([](MetricSamples&) {}));
  auto outer = metrics.add_collector([owned = std::move(owned)](MetricSamples&) {});
  outer.reset();
  EXPECT_THAT(metrics.text(), HasSubstr("inner 1\n"));
}

TEST(Metrics, ACollectorOutlivesItsMetricsWithoutHarm) {
  std::shared_ptr<void> collector;
  {
    Metrics metrics;
    collector = metrics.add_collector([](MetricSamples&) {});
  }
  collector.reset();
}

TEST(ProcessMetrics, SayWhatPrometheusClientsSay) {
  Metrics metrics;
  const auto process = metrics.add_collector(metrics::collect_process);
  const std::string text = metrics.text();
  for (const char* name : {"process_cpu_seconds_total", "process_resident_memory_bytes", "process_virtual_memory_bytes",
                           "process_open_fds", "process_max_fds", "process_start_time_seconds"}) {
    EXPECT_THAT(text, HasSubstr(std::string("\n") + name + " ")) << text;
  }
  EXPECT_THAT(text, Not(HasSubstr("resident_memory_bytes 0\n")));
}

}  // namespace
}  // namespace windlass
