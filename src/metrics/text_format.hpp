// The text format 0.0.4 of Prometheus. Pure.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include <windlass/metrics.hpp>

namespace windlass::metrics {

enum class Kind : std::uint8_t { kCounter, kGauge, kHistogram };

bool is_metric_name(std::string_view name);
bool is_label_name(std::string_view name);

// queue="default",state="pending": what stands in braces.
std::string labels_text(const MetricLabels& labels);

// The series of one metric, by labels_text().
struct Family {
  Kind kind = Kind::kCounter;
  std::string help;
  std::map<std::string, double> numbers;  // counters and gauges
  std::map<std::string, std::pair<const Histogram*, Histogram::Values>> histograms;
};

std::string format(const std::map<std::string, Family, std::less<>>& families);

}  // namespace windlass::metrics
