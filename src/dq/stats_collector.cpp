// What consumers and producers have done, as metrics.
#include <windlass/dq.hpp>

namespace windlass::dq {
namespace {

MetricLabels labels_of(const Node& node) { return {{"endpoint", node.endpoint}, {"tube", node.tube}}; }

double seconds(Duration d) { return std::chrono::duration<double>(d).count(); }

void add(MetricSamples& samples, const ConsumerStats& s) {
  const MetricLabels labels = labels_of(s.node);
  const auto counter = [&](std::string_view name, std::string_view help, std::uint64_t value) {
    samples.counter(name, help, labels, static_cast<double>(value));
  };
  samples.gauge("windlass_dq_connected", "1 while the consumer is connected to the node, else 0.", labels, s.connected ? 1 : 0);
  samples.gauge("windlass_dq_copies_in_hand", "Copies that the consumer holds.", labels, static_cast<double>(s.in_hand));
  counter("windlass_dq_copies_reserved_total", "Copies taken from the node.", s.reserved);
  counter("windlass_dq_runs_done_total", "Runs that succeeded.", s.done);
  counter("windlass_dq_runs_failed_total", "Runs that failed.", s.failed);
  counter("windlass_dq_copies_retried_total", "Copies released, to run again.", s.retried);
  counter("windlass_dq_copies_buried_total", "Copies buried: after the last retry, or too late, or no message of dq.", s.buried);
  counter("windlass_dq_late_dropped_total", "Messages dropped because they were too late.", s.late_dropped);
  counter("windlass_dq_duplicates_total", "Copies deleted because their message was done elsewhere.", s.duplicates);
  counter("windlass_dq_taken_over_total", "Runs of messages whose consumer had died.", s.taken_over);
  counter("windlass_dq_leases_lost_total", "Runs that were silent for too long: their messages may have run twice.", s.leases_lost);
  counter("windlass_dq_reservations_lost_total", "Copies that the node took back.", s.reservations_lost);
  counter("windlass_dq_malformed_total", "Jobs that were no message of dq.", s.malformed);
  samples.counter("windlass_dq_lateness_seconds_total", "Sum of the times from due time to start of first runs.", labels, seconds(s.lateness_total));
  samples.gauge("windlass_dq_lateness_max_seconds", "Longest time from due time to start of a first run.", labels, seconds(s.lateness_max));
}

void add(MetricSamples& samples, const ProducerStats& s) {
  const MetricLabels labels = labels_of(s.node);
  const auto counter = [&](std::string_view name, std::string_view help, std::uint64_t value) {
    samples.counter(name, help, labels, static_cast<double>(value));
  };
  counter("windlass_dq_copies_written_total", "Copies that the node took.", s.written);
  counter("windlass_dq_copies_not_written_total", "Copies that the node refused or was not there for.", s.failed);
  counter("windlass_dq_copies_rolled_back_total", "Copies deleted because too few nodes took theirs.", s.rolled_back);
  counter("windlass_dq_copies_revoked_total", "Copies deleted because their message was revoked.", s.revoked);
}

template <class Source>
Metrics::Collector collector(const Source& source) {
  return [&source](MetricSamples& samples) {
    for (const auto& stats : source.stats()) add(samples, stats);
  };
}

}  // namespace

Metrics::Collector stats_collector(const Consumer& consumer) { return collector(consumer); }
Metrics::Collector stats_collector(const Producer& producer) { return collector(producer); }

}  // namespace windlass::dq
