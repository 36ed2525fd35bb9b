#include <algorithm>

#include "core/text.hpp"
#include "dash/render.hpp"
#include "failure_text.hpp"
#include "output.hpp"
#include "task_fields.hpp"
#include "task_walk.hpp"
#include "text_width.hpp"

namespace windlass::app::dash {
namespace {

constexpr std::size_t kTextMax = 200;  // of a payload in a list: more than any screen is wide
constexpr std::size_t kSparkWidth = 8;

void draw_queue_line(Grid& grid, const Model& model, int y) {
  const QueueInfo* queue = model.queue_info();
  int x = grid.put(1, y, cut_to(printable(model.data().query.queue), 24), Style::kBold);
  if (!queue) return;
  if (queue->paused) x = grid.put(x, y, " PAUSED", Style::kWarn);
  const Throughput& throughput = model.throughput(queue->queue);
  x = grid.put(x, y,
               "  size " + short_count(queue->size) + "  waiting " +
                   (queue->pending > 0 ? short_duration(queue->latency) : "-") + "  today " +
                   short_count(queue->processed) + ", " + short_count(queue->failed) + " failed  " +
                   short_bytes(queue->memory_bytes) + "  " + short_rate(throughput.last()) + " ");
  grid.put(x, y, sparkline(throughput.rates(), kSparkWidth), Style::kAccent);
}

// "pending 3" for each state; shorter where there is no room for that.
std::vector<std::string> tab_texts(const QueueInfo* queue, int width) {
  static constexpr const char* kShort[] = {"active", "pend", "aggr", "sched", "retry", "arch", "done"};
  static constexpr const char* kLetter[] = {"a", "p", "g", "s", "r", "x", "c"};
  std::vector<std::string> texts;
  for (int size = 0; size < 3; ++size) {
    texts.clear();
    std::size_t sum = 0;
    for (std::size_t i = 0; i < std::size(kTabs); ++i) {
      const std::string name(size == 0 ? task_state_name(kTabs[i]) : size == 1 ? kShort[i] : kLetter[i]);
      texts.push_back(name + " " + (queue ? short_count(count_of(*queue, kTabs[i])) : "-"));
      sum += texts.back().size() + 2;
    }
    if (sum <= static_cast<std::size_t>(width)) break;
  }
  return texts;
}

void draw_tabs(Grid& grid, const Model& model, int y) {
  const std::vector<std::string> texts = tab_texts(model.queue_info(), grid.width());
  int x = 0;
  for (std::size_t i = 0; i < texts.size(); ++i) {
    const bool chosen = kTabs[i] == model.state();
    x = grid.put(x, y, chosen ? "[" + texts[i] + "]" : " " + texts[i] + " ",
                 chosen ? Style::kBold : style_of(kTabs[i]));
  }
}

std::vector<Column> columns_of(TaskState state) {
  const Column id{" ID", false, 9}, type{"TYPE", false, 8}, payload{"PAYLOAD", false, 8, 1};
  const Column error{"LAST FAILURE", false, 10};
  switch (state) {
    case TaskState::kActive:
      return {id, type, {"STARTED", true}, {"RETRIES", true, 0, 2}, {"PROGRESS", false, 8, 3}, payload};
    case TaskState::kPending: return {id, type, {"ENQUEUED", true}, {"RETRIES", true, 0, 2}, payload};
    case TaskState::kScheduled: return {id, type, {"RUNS", true}, payload};
    case TaskState::kRetry: return {id, type, {"RETRY", true}, {"RUNS", true}, error, {"FAILED", true, 0, 2}, payload};
    case TaskState::kArchived: return {id, type, {"RETRIES", true, 0, 2}, {"ARCHIVED", true}, error, payload};
    case TaskState::kCompleted: return {id, type, {"COMPLETED", true}, payload, {"RESULT", false, 8}};
    case TaskState::kAggregating: return {id, type, {"GROUP", false, 8}, payload};
  }
  return {};
}

std::vector<std::string> cells_of(const TaskInfo& task) {
  const std::string id = " " + task.id, payload = shortened_payload(task.payload, kTextMax);
  const std::string retries = std::to_string(task.retried) + "/" + std::to_string(task.max_retry);
  const std::string error = shortened(failure_text(task.failure), kTextMax);
  switch (task.state) {
    case TaskState::kActive:
      return {id,
              task.type,
              (task.orphaned ? "orphaned " : "") + relative_time(task.started_at),
              retries,
              progress_text(task.progress),
              payload};
    case TaskState::kPending: return {id, task.type, relative_time(task.enqueued_at), retries, payload};
    case TaskState::kScheduled: return {id, task.type, relative_time(task.next_process_at), payload};
    case TaskState::kRetry:
      return {
          id,     task.type, retries, relative_time(task.next_process_at), error, relative_time(task.last_failed_at),
          payload};
    case TaskState::kArchived: return {id, task.type, retries, relative_time(task.archived_at), error, payload};
    case TaskState::kCompleted:
      return {id, task.type, relative_time(task.completed_at), payload,
              task.result ? shortened(*task.result, kTextMax) : "-"};
    case TaskState::kAggregating: return {id, task.type, task.group, payload};
  }
  return {};
}

// Tasks that are being aggregated are in no group any more: they count in the first line only.
void draw_groups(Grid& grid, const Model& model, int y, int end) {
  const QueueInfo* queue = model.queue_info();
  TableText table{{{" GROUP", false, 12}, {"TASKS", true}}, {}};
  table.rows.push_back({" (all)", queue ? short_count(queue->aggregating) : "-"});
  for (const GroupInfo& group : model.data().groups) table.rows.push_back({" " + group.group, short_count(group.size)});
  draw_table(grid, table, y, end, model.selected());
}

// Cut into lines of so many columns.
std::vector<std::string> wrapped(std::string_view text, std::size_t width) {
  std::vector<std::string> lines;
  do {
    const std::string_view line = fitting(text, width);
    if (line.empty() && !text.empty()) break;
    lines.emplace_back(line);
    text.remove_prefix(line.size());
  } while (!text.empty());
  return lines;
}

}  // namespace

void draw_tasks(Grid& grid, const Model& model, int y, int end) {
  draw_queue_line(grid, model, y++);
  draw_tabs(grid, model, y++);
  if (model.data().query.lists_groups()) {
    draw_groups(grid, model, y, end);
    return;
  }
  const std::vector<TaskInfo>& tasks = model.data().page.tasks;
  if (tasks.empty()) {
    grid.put(1, y + 1, "no " + std::string(task_state_name(model.state())) + " tasks", Style::kDim);
    return;
  }
  TableText table{columns_of(model.state()), {}};
  for (const TaskInfo& task : tasks) table.rows.push_back(cells_of(task));
  y = draw_table(grid, table, y, end - 1, model.selected());
  const bool more = !model.data().page.next.empty();
  if (more || model.page_number() > 1) {
    grid.put(1, end - 1, "page " + std::to_string(model.page_number()) + (more ? ", n: next" : ", the last"),
             Style::kDim);
  }
}

void draw_task(Grid& grid, const Model& model, int y, int end) {
  if (!model.data().task) {
    grid.put(1, y + 1, "the task is gone: done, or deleted", Style::kDim);
    return;
  }
  constexpr std::size_t kNameWidth = 12;
  const std::size_t width = static_cast<std::size_t>(std::max(grid.width() - 2, 20)) - kNameWidth;
  std::vector<std::pair<std::string, std::string>> lines;
  for (const auto& [name, value] : task_fields(*model.data().task)) {
    if (value.empty()) continue;
    std::string shown_name = name;
    for (const std::string& line : wrapped(printable(value), width))
      lines.emplace_back(std::exchange(shown_name, ""), line);
  }
  const int room = end - y, count = static_cast<int>(lines.size());
  const int top = std::clamp(model.scroll(), 0, std::max(count - room, 0));
  for (int i = top; i < count && y < end; ++i, ++y) {
    const auto& [name, value] = lines[static_cast<std::size_t>(i)];
    grid.put(1, y, name, Style::kDim);
    grid.put(1 + static_cast<int>(kNameWidth), y, value);
  }
}

}  // namespace windlass::app::dash
