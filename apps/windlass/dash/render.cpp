#include "dash/render.hpp"

#include <algorithm>

#include "output.hpp"
#include "text_width.hpp"

namespace windlass::app::dash {
namespace {

struct Tab {
  View view;
  const char* name;
};
constexpr Tab kViews[] = {
    {View::kQueues, "1 Queues"}, {View::kServers, "2 Servers"}, {View::kSchedulers, "3 Schedulers"}};

bool belongs_to(View view, View tab) {
  return view == tab || (tab == View::kQueues && (view == View::kTasks || view == View::kTask));
}

void draw_title(Grid& grid, const Model& model) {
  grid.fill(0, Style::kBar);
  int x = grid.put(1, 0, "windlass", Style::kBar);
  for (const Tab& tab : kViews) {
    x = grid.put(
        x + 2, 0,
        belongs_to(model.view(), tab.view) ? "[" + std::string(tab.name) + "]" : " " + std::string(tab.name) + " ",
        Style::kBar);
  }
  const int room = grid.width() - x - 3;
  if (room < 8) return;
  const std::string store = cut_to(printable(model.broker()), static_cast<std::size_t>(room));
  grid.put(grid.width() - 1 - static_cast<int>(text_width(store)), 0, store, Style::kBar);
}

const char* keys_of(View view) {
  switch (view) {
    case View::kQueues: return "up/down select  Enter open  P pause/resume  ? help  q quit";
    case View::kTasks: return "h/l state  Enter show  n/p page  r run  a archive  d delete  c cancel  ? help";
    case View::kTask: return "up/down scroll  r run  a archive  d delete  c cancel  ? help  q back";
    case View::kServers:
    case View::kSchedulers: return "up/down select  1 2 3 views  ? help  q back";
    case View::kHelp: return "q back";
  }
  return "";
}

void draw_footer(Grid& grid, const Model& model) {
  const int y = grid.height() - 1;
  const auto line = [&](const std::string& text, Style style) {
    grid.fill(y, style);
    grid.put(1, y, cut_to(printable(text), static_cast<std::size_t>(std::max(grid.width() - 2, 1))), style);
  };
  if (model.question())
    line(act_text(*model.question()) + "? y / n", Style::kWarn);
  else if (!model.trouble().empty())
    line(model.trouble(), Style::kError);
  else if (!model.message().empty())
    line(model.message(), model.message_is_error() ? Style::kError : Style::kBar);
  else
    line(keys_of(model.view()), Style::kBar);
}

void draw_body(Grid& grid, const Model& model, int y, int end) {
  if (model.view() == View::kHelp) {
    draw_help(grid, model, y, end);
    return;
  }
  if (!model.has_data() || model.data().query != model.query()) {
    grid.put(1, y, model.trouble().empty() ? "reading ..." : "nothing was read yet", Style::kDim);
    return;
  }
  switch (model.view()) {
    case View::kQueues: draw_queues(grid, model, y, end); return;
    case View::kTasks: draw_tasks(grid, model, y, end); return;
    case View::kTask: draw_task(grid, model, y, end); return;
    case View::kServers: draw_servers(grid, model, y, end); return;
    case View::kSchedulers: draw_schedulers(grid, model, y, end); return;
    case View::kHelp: return;
  }
}

}  // namespace

Style style_of(TaskState state) {
  switch (state) {
    case TaskState::kActive: return Style::kAccent;
    case TaskState::kRetry: return Style::kWarn;
    case TaskState::kArchived: return Style::kBad;
    case TaskState::kCompleted: return Style::kGood;
    case TaskState::kScheduled:
    case TaskState::kAggregating: return Style::kDim;
    case TaskState::kPending: break;
  }
  return Style::kPlain;
}

std::string error_rate(const QueueInfo& queue) {
  return queue.processed == 0 ? "-" : std::to_string(100 * queue.failed / queue.processed) + " %";
}

Grid render(const Model& model, int width, int height) {
  Grid grid(width, height);
  draw_title(grid, model);
  draw_body(grid, model, 1, grid.height() - 1);
  draw_footer(grid, model);
  return grid;
}

void draw_help(Grid& grid, const Model&, int y, int end) {
  static constexpr const char* kLines[] = {
      "1  2  3         queues, servers, schedulers",
      "up k  down j    the line above, the line below; in a task: scroll",
      "Enter           open a queue or a group, show a task",
      "left h  right l the tasks of another state",
      "n  p            next page, page before",
      "q  Esc          back; from the queues: leave",
      "Ctrl-C          leave",
      "Ctrl-L          draw the screen again",
      "",
      "P               pause a queue, or end its pause",
      "r               run a task now",
      "a               archive a task",
      "d               delete a task",
      "c               cancel the run of a task",
      "                each asks first: y is yes, any other key is no",
  };
  ++y;
  for (const char* line : kLines) {
    if (y < end) grid.put(1, y++, line);
  }
}

}  // namespace windlass::app::dash
