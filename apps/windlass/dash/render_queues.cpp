#include <algorithm>

#include "dash/render.hpp"
#include "output.hpp"
#include "task_walk.hpp"

namespace windlass::app::dash {
namespace {

// As many looks as there is room for.
std::size_t spark_width(const Grid& grid) { return grid.width() >= 120 ? 24 : 8; }

void draw_sum(Grid& grid, const Model& model, int y) {
  std::uint64_t size = 0, active = 0, processed = 0, failed = 0;
  for (const QueueInfo& q : model.data().queues) {
    size += q.size;
    active += q.active;
    processed += q.processed;
    failed += q.failed;
  }
  const std::size_t count = model.data().queues.size();
  const std::string text = std::to_string(count) + (count == 1 ? " queue" : " queues") + "  size " + short_count(size) +
                           "  " + short_count(active) + " active  today " + short_count(processed) + " processed, " +
                           short_count(failed) + " failed  " + short_rate(model.all_throughput().last()) + " ";
  const int x = grid.put(1, y, text);
  grid.put(x, y, sparkline(model.all_throughput().rates(), spark_width(grid)), Style::kAccent);
}

TableText queue_table(const Model& model, std::size_t width_of_spark) {
  TableText table;
  table.columns = {{" QUEUE", false, 20},
                   {"STATE"},
                   {"SIZE", true},
                   {"PENDING", true},
                   {"ACTIVE", true},
                   {"SCHED", true, 0, 4},
                   {"RETRY", true, 0, 2},
                   {"ARCHIVED", true, 0, 3},
                   {"DONE", true, 0, 7},
                   {"GROUPED", true, 0, 8},
                   {"LATENCY", true, 0, 1},
                   {"MEMORY", true, 0, 9},
                   {"PROCESSED", true, 0, 6},
                   {"FAILED", true, 0, 5},
                   {"ERRORS", true, 0, 10},
                   {"RATE", true},
                   {""}};
  for (const QueueInfo& q : model.data().queues) {
    const Throughput& throughput = model.throughput(q.queue);
    table.rows.push_back({" " + q.queue, q.paused ? "paused" : "run", short_count(q.size), short_count(q.pending),
                          short_count(q.active), short_count(q.scheduled), short_count(q.retry),
                          short_count(q.archived), short_count(q.completed), short_count(q.aggregating),
                          q.pending > 0 ? short_duration(q.latency) : "-", short_bytes(q.memory_bytes),
                          short_count(q.processed), short_count(q.failed), error_rate(q), short_rate(throughput.last()),
                          sparkline(throughput.rates(), width_of_spark)});
  }
  return table;
}

void draw_legend(Grid& grid, int y) {
  int x = 1;
  for (const TaskState state : kTabs) {
    x = grid.put(x, y, "█ ", style_of(state));
    x = grid.put(x, y, std::string(task_state_name(state)) + " ", Style::kDim);
  }
}

}  // namespace

int draw_state_bar(Grid& grid, int x, int y, const QueueInfo& queue, int width) {
  const int start = x, end = x + width;
  std::uint64_t before = 0;
  for (const TaskState state : kTabs) {
    const std::uint64_t count = count_of(queue, state);
    if (count == 0) continue;
    before += count;
    const double share = static_cast<double>(before) / static_cast<double>(std::max(queue.size, before));
    // Each state that has tasks has a cell, as long as there are any.
    const int to = std::min(std::max(x + 1, start + static_cast<int>(share * width)), end);
    while (x < to) x = grid.put(x, y, "█", style_of(state));
  }
  return x;
}

void draw_queues(Grid& grid, const Model& model, int y, int end) {
  draw_sum(grid, model, y++);
  if (model.data().queues.empty()) {
    grid.put(1, y + 1, "no queues yet", Style::kDim);
    return;
  }
  const bool room_for_legend = end - y > 6;
  y = draw_table(grid, queue_table(model, spark_width(grid)), y + 1, room_for_legend ? end - 3 : end, model.selected());
  if (!room_for_legend) return;
  const QueueInfo& chosen = model.data().queues[static_cast<std::size_t>(model.selected())];
  draw_state_bar(grid, 1, end - 2, chosen, grid.width() - 2);
  draw_legend(grid, end - 1);
}

}  // namespace windlass::app::dash
