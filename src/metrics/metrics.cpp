// The set of metrics: who is called what, and the text of all.
#include <windlass/metrics.hpp>

#include <algorithm>
#include <exception>
#include <list>
#include <map>
#include <set>
#include <stdexcept>

#include <windlass/log.hpp>

#include "base/mutex.hpp"
#include "metrics/text_format.hpp"

namespace windlass {
namespace {

using metrics::Family;
using metrics::Kind;
using Families = std::map<std::string, Family, std::less<>>;

// The series of one metric, by their labels as text.
struct Instruments {
  Kind kind = Kind::kCounter;
  std::string help;
  std::map<std::string, std::unique_ptr<Counter>> counters;
  std::map<std::string, std::unique_ptr<Gauge>> gauges;
  std::map<std::string, std::unique_ptr<Histogram>> histograms;
};

std::invalid_argument wrong(std::string_view name, const std::string& what) {
  return std::invalid_argument("metrics: \"" + std::string(name) + "\" " + what);
}

void check_names(std::string_view name, const MetricLabels& labels) {
  if (!metrics::is_metric_name(name)) throw wrong(name, "is no name of a metric");
  std::set<std::string_view> seen;
  for (const auto& [label, value] : labels) {
    if (!metrics::is_label_name(label)) throw wrong(name, "cannot have a label \"" + label + "\"");
    if (!seen.insert(label).second) throw wrong(name, "has the label \"" + label + "\" twice");
  }
}

// The labels of the series that stands for all those that are too many.
MetricLabels other(MetricLabels labels) {
  for (auto& [name, value] : labels) value = "other";
  return labels;
}

// The instrument of these labels, made if it is not there.
template <class T, class Make>
T& find_or_make(std::map<std::string, std::unique_ptr<T>>& series, const MetricLabels& labels, Make make) {
  std::string key = metrics::labels_text(labels);
  const auto found = series.find(key);
  if (found != series.end()) return *found->second;
  if (series.size() >= Metrics::kSeriesMax) key = metrics::labels_text(other(labels));
  const auto known = series.find(key);
  if (known != series.end()) return *known->second;
  return *series.emplace(key, make()).first->second;
}

class Samples final : public MetricSamples {
 public:
  explicit Samples(Families& families) : families_(families) {}

  void counter(std::string_view name, std::string_view help, const MetricLabels& labels, double value) override {
    add(Kind::kCounter, name, help, labels, value);
  }
  void gauge(std::string_view name, std::string_view help, const MetricLabels& labels, double value) override {
    add(Kind::kGauge, name, help, labels, value);
  }

 private:
  void add(Kind kind, std::string_view name, std::string_view help, const MetricLabels& labels, double value) {
    check_names(name, labels);
    const auto [place, is_new] = families_.try_emplace(std::string(name));
    Family& family = place->second;
    if (is_new) {
      family.kind = kind;
      family.help = help;
    }
    if (family.kind != kind) throw wrong(name, "is there already, as a metric of another kind");
    family.numbers[metrics::labels_text(labels)] += value;
  }

  Families& families_;
};

}  // namespace

struct Metrics::Impl {
  base::Mutex mu;
  std::map<std::string, Instruments, std::less<>> instruments WINDLASS_GUARDED_BY(mu);
  // Held while collectors are called, so that removing one waits for its call. They use no lock that is held while one is removed.
  base::Mutex collecting;
  std::list<Collector> collectors WINDLASS_GUARDED_BY(collecting);

  Instruments& find(std::string_view name, std::string_view help, const MetricLabels& labels, Kind kind) WINDLASS_REQUIRES(mu) {
    check_names(name, labels);
    const auto [place, is_new] = instruments.try_emplace(std::string(name));
    if (is_new) {
      place->second.kind = kind;
      place->second.help = help;
    }
    if (place->second.kind != kind) throw wrong(name, "is there already, as a metric of another kind");
    return place->second;
  }

  Families values() {
    Families families;
    base::Lock lock(mu);
    for (const auto& [name, metric] : instruments) {
      Family& family = families[name];
      family.kind = metric.kind;
      family.help = metric.help;
      for (const auto& [labels, counter] : metric.counters) family.numbers[labels] = static_cast<double>(counter->value());
      for (const auto& [labels, gauge] : metric.gauges) family.numbers[labels] = gauge->value();
      for (const auto& [labels, histogram] : metric.histograms) {
        family.histograms.emplace(labels, std::pair(histogram.get(), histogram->values()));
      }
    }
    return families;
  }

  void collect(Families& families) {
    Samples samples(families);
    base::Lock lock(collecting);
    for (const Collector& collector : collectors) {
      try {
        collector(samples);
      } catch (const std::exception& e) { log_error("metrics could not be collected", {{"error", e.what()}}); }
    }
  }
};

Metrics::Metrics() : impl_(std::make_shared<Impl>()) {}
Metrics::~Metrics() = default;

Counter& Metrics::counter(std::string_view name, std::string_view help, const MetricLabels& labels) {
  base::Lock lock(impl_->mu);
  return find_or_make(impl_->find(name, help, labels, Kind::kCounter).counters, labels, [] { return std::make_unique<Counter>(); });
}

Gauge& Metrics::gauge(std::string_view name, std::string_view help, const MetricLabels& labels) {
  base::Lock lock(impl_->mu);
  return find_or_make(impl_->find(name, help, labels, Kind::kGauge).gauges, labels, [] { return std::make_unique<Gauge>(); });
}

Histogram& Metrics::histogram(std::string_view name, std::string_view help, const MetricBuckets& buckets, const MetricLabels& labels) {
  base::Lock lock(impl_->mu);
  return find_or_make(impl_->find(name, help, labels, Kind::kHistogram).histograms, labels,
                      [&] { return std::make_unique<Histogram>(buckets); });
}

std::shared_ptr<void> Metrics::add_collector(Collector collect) {
  base::Lock lock(impl_->collecting);
  const auto place = impl_->collectors.insert(impl_->collectors.end(), std::move(collect));
  return {nullptr, [impl = impl_, place](void*) {
            // Destroyed without the lock: what it owns may have collectors of its own.
            std::list<Collector> removed;
            base::Lock inner(impl->collecting);
            removed.splice(removed.end(), impl->collectors, place);
          }};
}

std::string Metrics::text() const {
  Families families = impl_->values();
  impl_->collect(families);
  return metrics::format(families);
}

}  // namespace windlass
