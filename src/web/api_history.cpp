// Series for charts, from what the samplers of servers and of this process have stored.
#include "broker/samples.hpp"
#include "core/sample_ring.hpp"
#include "web/api.hpp"
#include "web/fields.hpp"

namespace windlass::web {
namespace {

using core::QueueSample;

codec::Value point_json(const QueueSample& sample, const QueueSample& before, Duration step) {
  const auto since = sample.at.time_since_epoch() / step * step;
  const auto grown = [](std::uint64_t from, std::uint64_t to) { return to > from ? to - from : 0; };
  Fields out;
  out.time("t", TimePoint(since));
  for (const TaskState state : {TaskState::kPending, TaskState::kActive, TaskState::kScheduled, TaskState::kRetry, TaskState::kArchived,
                                TaskState::kCompleted, TaskState::kAggregating}) {
    out.add(std::string(task_state_name(state)), sample.sizes[static_cast<std::size_t>(state) - 1]);
  }
  out.add("latency_msec", std::chrono::duration_cast<std::chrono::milliseconds>(sample.latency).count());
  out.add("processed", grown(before.processed_total, sample.processed_total));
  return out.add("failed", grown(before.failed_total, sample.failed_total)).done();
}

Result<http::Response> show_series(Site& site, Call& call) {
  const std::string name = call.request.query.find("range").value_or("hour");
  const auto range = core::find_sample_range(name);
  if (!range) return Error(ErrorCode::kInvalidArgument, "range=" + name + ": must be hour, day or week");
  broker::SampleStore* const store = broker::find_sample_store(*site.broker);
  if (!store) return Error(ErrorCode::kUnsupported, "this broker keeps no samples");
  const std::string queue = call.request.query.find("queue").value_or("");
  const auto ring = store->read_sample_ring(queue.empty() ? std::string(broker::kAllQueues) : queue);
  if (!ring) return ring.error();
  const std::vector<QueueSample> samples = core::read_samples(*ring, *range, site.clock.now());
  const Duration step = core::step_of(*range);
  codec::Value::Array points;
  // The first one is there for what has grown since.
  for (std::size_t i = 1; i < samples.size(); ++i) points.push_back(point_json(samples[i], samples[i - 1], step));
  Fields out;
  out.text("range", name).add("step_seconds", std::chrono::duration_cast<std::chrono::seconds>(step).count());
  return json_response(out.add("points", std::move(points)).done());
}

}  // namespace

void add_history_routes(Api& api, Site& site) {
  api.get("/api/series", Style::kOwn, [&site](Call& call) { return show_series(site, call); });
}

}  // namespace windlass::web
