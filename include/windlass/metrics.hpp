// Metrics: counters, gauges and histograms, and their text for Prometheus.
//
//   auto metrics = std::make_shared<windlass::Metrics>();
//   windlass::ServerConfig config;
//   config.metrics = metrics;                                                  // the server counts here
//   windlass::Counter& mails = metrics->counter("mails_sent_total", "Mails that were sent.");
//   mux.handle("email:send", [&](windlass::Context&) { send(); mails.add(); });
//   ...
//   respond(metrics->text(), windlass::Metrics::kTextType);                    // in the HTTP server of the program
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <windlass/broker.hpp>
#include <windlass/error.hpp>
#include <windlass/service.hpp>
#include <windlass/time.hpp>

namespace windlass {

namespace internal {
// Threads count in different places, so that they do not fight for a cache line; a reader adds the places up.
inline constexpr std::size_t kMetricShards = 8;
// The place of the calling thread.
std::size_t metric_shard() noexcept;
}  // namespace internal

// Only grows. Thread-safe; add() takes a few nanoseconds.
class Counter {
 public:
  Counter() = default;
  Counter(const Counter&) = delete;
  Counter& operator=(const Counter&) = delete;

  // Counts `n` more.
  void add(std::uint64_t n = 1) noexcept { cells_[internal::metric_shard()].value.fetch_add(n, std::memory_order_relaxed); }
  std::uint64_t value() const noexcept;

 private:
  struct alignas(64) Cell {
    std::atomic<std::uint64_t> value{0};
  };
  std::array<Cell, internal::kMetricShards> cells_;
};

// Goes up and down. Thread-safe.
class Gauge {
 public:
  Gauge() = default;
  Gauge(const Gauge&) = delete;
  Gauge& operator=(const Gauge&) = delete;

  // From now on it is `value`.
  void set(double value) noexcept { value_.store(value, std::memory_order_relaxed); }
  // So much more; less, if it is negative.
  void add(double value) noexcept { value_.fetch_add(value, std::memory_order_relaxed); }
  double value() const noexcept { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<double> value_{0};
};

// Upper bounds of the buckets of a histogram, ascending; one without bound comes behind them by itself.
using MetricBuckets = std::vector<double>;

// How often values fell into each bucket, and their sum. Thread-safe; observe() takes some ten nanoseconds.
class Histogram {
 public:
  // Throws std::invalid_argument where the bounds are not ascending numbers.
  explicit Histogram(MetricBuckets buckets);
  Histogram(const Histogram&) = delete;
  Histogram& operator=(const Histogram&) = delete;

  // Counts a value.
  void observe(double value) noexcept;
  // In seconds.
  void observe(Duration length) noexcept { observe(std::chrono::duration<double>(length).count()); }

  const MetricBuckets& buckets() const { return buckets_; }
  // What was counted so far.
  struct Values {
    std::vector<std::uint64_t> counts;  // one a bucket, not added up; the one without bound is the last
    std::uint64_t count = 0;
    double sum = 0;
  };
  Values values() const;

 private:
  const MetricBuckets buckets_;
  const std::size_t stride_;  // cells of a shard: the buckets, and the sum in the last one
  std::vector<std::atomic<std::uint64_t>> cells_;
};

// Name and value, as {"queue", "default"}. Any bytes are right for a value: what is not UTF-8 becomes U+FFFD in the text.
using MetricLabels = std::vector<std::pair<std::string, std::string>>;

// What a collector adds to a text. Series of one name and the same labels are added up.
class MetricSamples {
 public:
  virtual ~MetricSamples() = default;
  // A counter, which only grows.
  virtual void counter(std::string_view name, std::string_view help, const MetricLabels& labels, double value) = 0;
  // A gauge, which goes up and down.
  virtual void gauge(std::string_view name, std::string_view help, const MetricLabels& labels, double value) = 0;
};

// A set of metrics. Thread-safe. What it hands out lives as long as it does.
class Metrics {
 public:
  // A metric has at most so many series; those that would be one too many are counted together, in one whose labels all say
  // "other". So labels that come from outside cannot eat up memory.
  static constexpr std::size_t kSeriesMax = 1000;

  Metrics();
  ~Metrics();
  Metrics(const Metrics&) = delete;
  Metrics& operator=(const Metrics&) = delete;

  // The metric with this name and these labels, made at the first call. Looking it up costs most of a microsecond: keep the
  // reference. Throws std::invalid_argument for what is a bug of the program: a name that is not [a-zA-Z_:][a-zA-Z0-9_:]*, a label
  // name that is not [a-zA-Z_][a-zA-Z0-9_]* or comes twice, one name for metrics of two kinds, and buckets that are not ascending.
  Counter& counter(std::string_view name, std::string_view help, const MetricLabels& labels = {});
  Gauge& gauge(std::string_view name, std::string_view help, const MetricLabels& labels = {});
  Histogram& histogram(std::string_view name, std::string_view help, const MetricBuckets& buckets, const MetricLabels& labels = {});

  // Calls `collect` for each text, for what is better asked for than kept up to date, until what is returned is destroyed, which
  // waits for a call under way. One call at a time. A collector must not touch collectors, and what it throws is logged.
  using Collector = std::function<void(MetricSamples& samples)>;
  [[nodiscard]] std::shared_ptr<void> add_collector(Collector collect);

  // All metrics in the text format 0.0.4 of Prometheus, sorted by name.
  std::string text() const;
  static constexpr std::string_view kTextType = "text/plain; version=0.0.4; charset=utf-8";

 private:
  struct Impl;
  const std::shared_ptr<Impl> impl_;
};

// Shared by all that count there.
using MetricsPtr = std::shared_ptr<Metrics>;

// The same broker, with its calls measured: their time, failures and batch sizes. For clients and inspectors; servers and schedulers
// measure theirs themselves when they have metrics.
BrokerPtr metered(BrokerPtr broker, MetricsPtr metrics);

}  // namespace windlass
