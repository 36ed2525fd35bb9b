// The sink that sends spans to a collector: a bounded queue, and a thread that empties it.
#include <windlass/trace.hpp>

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <stop_token>
#include <thread>

#include <windlass/log.hpp>

#include "http_client/call.hpp"
#include "trace/otlp_json.hpp"

namespace windlass {
namespace {

// Between attempts to send a batch that was refused for now; doubled from one to the next.
constexpr Duration kFirstPause = std::chrono::milliseconds(100);
constexpr Duration kLongestPause = std::chrono::seconds(5);
// For the destructor.
constexpr Duration kLastSend = std::chrono::seconds(5);

// What the collector's answer means for the batch. By the specification of OTLP/HTTP the statuses named here are to be sent again.
enum class Sent : std::uint8_t { kTaken, kLater, kNever };

Sent judge(const Result<http_client::Response>& answer) {
  if (!answer) return Sent::kLater;
  const int status = answer->status;
  if (status >= 200 && status < 300) return Sent::kTaken;
  return status == 429 || status == 502 || status == 503 || status == 504 ? Sent::kLater : Sent::kNever;
}

// Thread-safe.
class OtlpSink final : public SpanSink {
 public:
  OtlpSink(OtlpOptions options, http_client::Url url)
      : options_(std::move(options)),
        url_(std::move(url)),
        metrics_(options_.metrics ? options_.metrics : std::make_shared<Metrics>()),
        sent_(metrics_->counter("windlass_trace_spans_sent_total", "Spans that a collector took.")),
        full_(dropped("queue_full")),
        not_taken_(dropped("not_taken")),
        thread_([this](const std::stop_token& stop) { run(stop); }) {}

  ~OtlpSink() override {
    thread_.request_stop();
    thread_.join();
    std::lock_guard lock(mu_);
    not_taken_.add(queue_.size());
  }

  void write(Span span) override {
    std::lock_guard lock(mu_);
    if (queue_.size() >= options_.queue_max) return full_.add();
    queue_.push_back(std::move(span));
    if (queue_.size() >= options_.batch_max) changed_.notify_one();
  }

 private:
  Counter& dropped(std::string reason) {
    return metrics_->counter("windlass_trace_spans_dropped_total", "Spans that no collector got.", {{"reason", std::move(reason)}});
  }

  void run(const std::stop_token& stop) {
    while (!stop.stop_requested()) {
      wait(stop, options_.interval, true);
      while (!stop.stop_requested() && send_batch(stop)) {
      }
    }
    send_last();
  }

  // False when there was nothing to send.
  bool send_batch(const std::stop_token& stop) {
    const std::vector<Span> batch = take_batch();
    if (batch.empty()) return false;
    for (Duration pause = kFirstPause;; pause = std::min(2 * pause, kLongestPause)) {
      if (settle(batch, post(batch, options_.timeout, stop))) return true;
      if (wait(stop, pause, false)) continue;
      put_back(batch);
      return false;
    }
  }

  void send_last() {
    for (std::vector<Span> batch = take_batch(); !batch.empty(); batch = take_batch()) {
      if (settle(batch, post(batch, kLastSend, {}))) continue;
      put_back(batch);
      return;
    }
  }

  // Sleeps. False when it was ended by a stop.
  bool wait(const std::stop_token& stop, Duration length, bool until_full) {
    std::unique_lock lock(mu_);
    changed_.wait_for(lock, stop, length, [&] { return until_full && queue_.size() >= options_.batch_max; });
    return !stop.stop_requested();
  }

  std::vector<Span> take_batch() {
    std::lock_guard lock(mu_);
    const auto n = static_cast<std::ptrdiff_t>(std::min(queue_.size(), options_.batch_max));
    std::vector<Span> batch(std::move_iterator(queue_.begin()), std::move_iterator(queue_.begin() + n));
    queue_.erase(queue_.begin(), queue_.begin() + n);
    return batch;
  }

  void put_back(const std::vector<Span>& batch) {
    std::lock_guard lock(mu_);
    queue_.insert(queue_.begin(), batch.begin(), batch.end());
  }

  Result<http_client::Response> post(const std::vector<Span>& batch, Duration timeout, const std::stop_token& stop) const {
    http_client::Request request;
    request.method = "POST";
    request.url = url_;
    request.headers = options_.headers;
    request.headers["Content-Type"] = "application/json";
    request.body = trace::otlp_json(batch, options_.service);
    request.timeout = timeout;
    return http_client::call(request, stop);
  }

  // Whether the batch is done with.
  bool settle(const std::vector<Span>& batch, const Result<http_client::Response>& answer) {
    const Sent sent = judge(answer);
    if (sent == Sent::kTaken) {
      sent_.add(batch.size());
      said_ = false;
      return true;
    }
    if (sent == Sent::kNever) not_taken_.add(batch.size());
    // Once for each time of trouble, which the end of this sink is not.
    const bool stopped = !answer && answer.error().code() == ErrorCode::kClosed;
    if (!stopped && !std::exchange(said_, true)) {
      const std::string why = answer ? "the answer is status " + std::to_string(answer->status) : answer.error().message();
      log_warn("traces could not be sent", {{"url", options_.url}, {"error", why}});
    }
    return sent == Sent::kNever;
  }

  const OtlpOptions options_;
  const http_client::Url url_;
  const MetricsPtr metrics_;
  Counter& sent_;
  Counter& full_;
  Counter& not_taken_;
  std::mutex mu_;
  std::condition_variable_any changed_;
  std::deque<Span> queue_;  // guarded by mu_
  bool said_ = false;       // confined to the thread
  std::jthread thread_;
};

}  // namespace

Result<std::shared_ptr<SpanSink>> make_otlp_sink(OtlpOptions options) {
  auto url = http_client::parse_url(options.url);
  if (!url) return url.error().at("traces");
  if (options.queue_max == 0 || options.batch_max == 0) {
    return Error(ErrorCode::kInvalidArgument, "traces: queue_max and batch_max must be at least 1");
  }
  return std::shared_ptr<SpanSink>(std::make_shared<OtlpSink>(std::move(options), *std::move(url)));
}

}  // namespace windlass
