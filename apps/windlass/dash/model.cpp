#include "dash/model.hpp"

#include <algorithm>
#include <utility>

#include "output.hpp"

namespace windlass::app::dash {
namespace {

// Lines of the screen that are not rows of a list: title, two lines of facts, names of columns, footer.
constexpr int kFrameLines = 6;

int count_of_rows(const Snapshot& data, View view) {
  switch (view) {
    case View::kQueues: return static_cast<int>(data.queues.size());
    // Above the groups stands a line for all of them.
    case View::kTasks: return static_cast<int>(data.query.lists_groups() ? data.groups.size() + 1 : data.page.tasks.size());
    case View::kServers: {
      std::size_t rows = data.servers.size();
      for (const ServerInfo& server : data.servers) rows += server.workers.size();
      return static_cast<int>(rows);
    }
    case View::kSchedulers: return static_cast<int>(data.entries.size());
    case View::kTask:
    case View::kHelp: return 0;
  }
  return 0;
}

}  // namespace

std::string act_text(const Act& act) {
  const std::string queue = "queue '" + act.queue + "'", task = "task '" + act.task + "' of " + queue;
  switch (act.kind) {
    case ActKind::kPause: return "Pause " + queue;
    case ActKind::kResume: return "Resume " + queue;
    case ActKind::kRun: return "Run " + task;
    case ActKind::kArchive: return "Archive " + task;
    case ActKind::kDelete: return "Delete " + task;
    case ActKind::kCancel: return "Cancel " + task;
  }
  return "";
}

int Model::rows() const { return std::max(height_ - kFrameLines, 1); }

void Model::resize(int, int height) {
  if (height == height_) return;
  height_ = height;
  // Pages of another size begin elsewhere.
  if (view_ == View::kTasks) reset_list();
}

Query Model::query() const {
  Query query;
  query.view = view_ == View::kHelp ? before_help_ : view_;
  if (query.view == View::kTasks || query.view == View::kTask) query.queue = queue_;
  if (query.view == View::kTask) query.task = task_;
  if (query.view == View::kTasks) {
    query.state = state_;
    query.cursor = cursor_;
    query.rows = static_cast<std::size_t>(rows());
    if (state_ == TaskState::kAggregating) query.group = group_;
  }
  return query;
}

void Model::take(Snapshot snapshot) {
  trouble_ = snapshot.error;
  if (!snapshot.error.empty()) return;
  std::uint64_t sum = 0;
  for (const QueueInfo& queue : snapshot.queues) {
    throughput_[queue.queue].look(queue.processed_total, snapshot.read_at);
    sum += queue.processed_total;
  }
  if (snapshot.query.view == View::kQueues) all_.look(sum, snapshot.read_at);
  if (snapshot.query != query()) return;
  data_ = std::move(snapshot);
  const int count = count_of_rows(data_, data_.query.view);
  if (!selected_queue_.empty() && data_.query.view == View::kQueues) {
    const auto at = std::find_if(data_.queues.begin(), data_.queues.end(),
                                 [&](const QueueInfo& q) { return q.queue == selected_queue_; });
    if (at != data_.queues.end()) selected_ = static_cast<int>(at - data_.queues.begin());
    selected_queue_.clear();
  }
  selected_ = std::clamp(selected_, 0, std::max(count - 1, 0));
}

void Model::told(std::string message, bool failed) {
  message_ = std::move(message);
  message_is_error_ = failed;
}

const Throughput& Model::throughput(const std::string& queue) const {
  static const Throughput none;
  const auto at = throughput_.find(queue);
  return at == throughput_.end() ? none : at->second;
}

const QueueInfo* Model::queue_info() const {
  return data_.query.view == View::kTasks && !data_.queues.empty() ? &data_.queues.front() : nullptr;
}

const TaskInfo* Model::chosen_task() const {
  if (data_.query != query()) return nullptr;
  if (view_ == View::kTask) return data_.task ? &*data_.task : nullptr;
  const auto& tasks = data_.page.tasks;
  return view_ == View::kTasks && selected_ < static_cast<int>(tasks.size())
             ? &tasks[static_cast<std::size_t>(selected_)]
             : nullptr;
}

const QueueInfo* Model::chosen_queue() const {
  if (data_.query != query()) return nullptr;
  if (view_ == View::kTasks) return queue_info();
  const auto& queues = data_.queues;
  return view_ == View::kQueues && selected_ < static_cast<int>(queues.size())
             ? &queues[static_cast<std::size_t>(selected_)]
             : nullptr;
}

void Model::press(Key key) {
  if (key == kInterrupt) {
    done_ = true;
    return;
  }
  if (key == kRedraw) redraw_ = true;
  if (question_) {
    answer(key);
    return;
  }
  message_.clear();
  switch (key) {
    case U'q':
    case kEscape: back(); return;
    case U'?':
      if (view_ != View::kHelp) before_help_ = std::exchange(view_, View::kHelp);
      return;
    case U'1': show(View::kQueues); return;
    case U'2': show(View::kServers); return;
    case U'3': show(View::kSchedulers); return;
    default: press_in_view(key);
  }
}

void Model::press_in_view(Key key) {
  switch (key) {
    case kUp:
    case U'k': move(-1); return;
    case kDown:
    case U'j': move(1); return;
    case kLeft:
    case U'h': change_state(-1); return;
    case kRight:
    case U'l': change_state(1); return;
    case kPageDown:
    case U'n': next_page(); return;
    case kPageUp:
    case U'p': previous_page(); return;
    case kEnter:
    case U'\n': open(); return;
    case U'P': ask(ActKind::kPause); return;
    case U'r': ask(ActKind::kRun); return;
    case U'a': ask(ActKind::kArchive); return;
    case U'd': ask(ActKind::kDelete); return;
    case U'c': ask(ActKind::kCancel); return;
    default: return;
  }
}

// Only y is yes.
void Model::answer(Key key) {
  if (key == U'y') acts_.push_back(*question_);
  told(key == U'y' ? "" : "nothing done", false);
  question_.reset();
}

void Model::ask(ActKind kind) {
  if (kind == ActKind::kPause) {
    if (const QueueInfo* queue = chosen_queue())
      question_ = Act{queue->paused ? ActKind::kResume : kind, queue->queue, ""};
  } else if (const TaskInfo* task = chosen_task()) {
    question_ = Act{kind, task->queue, task->id};
  }
}

// Round the ends.
void Model::move(int by) {
  if (view_ == View::kTask || view_ == View::kHelp) {
    scroll_ = std::max(scroll_ + by, 0);
    return;
  }
  const int count = data_.query == query() ? count_of_rows(data_, view_) : 0;
  if (count > 0) selected_ = (selected_ + by + count) % count;
}

void Model::change_state(int by) {
  if (view_ != View::kTasks) return;
  constexpr int kCount = static_cast<int>(std::size(kTabs));
  const int at = static_cast<int>(std::find(std::begin(kTabs), std::end(kTabs), state_) - std::begin(kTabs));
  state_ = kTabs[(at + by + kCount) % kCount];
  group_.reset();
  reset_list();
}

void Model::reset_list() {
  selected_ = scroll_ = 0;
  cursor_.clear();
  cursors_.clear();
}

void Model::open() {
  if (view_ == View::kQueues) {
    const QueueInfo* queue = chosen_queue();
    if (!queue) return;
    queue_ = queue->queue;
    view_ = View::kTasks;
    group_.reset();
    reset_list();
  } else if (query().lists_groups()) {
    open_group();
  } else if (view_ == View::kTasks) {
    const TaskInfo* task = chosen_task();
    if (!task) return;
    task_ = task->id;
    view_ = View::kTask;
    scroll_ = 0;
  }
}

void Model::open_group() {
  if (data_.query != query()) return;
  group_ = selected_ == 0 ? "" : data_.groups.at(static_cast<std::size_t>(selected_) - 1).group;
  reset_list();
}

void Model::back() {
  switch (view_) {
    case View::kHelp: view_ = before_help_; return;
    case View::kTask: view_ = View::kTasks; return;
    case View::kTasks:
      if (state_ == TaskState::kAggregating && group_) {
        group_.reset();
        reset_list();
        return;
      }
      selected_queue_ = queue_;
      show(View::kQueues);
      return;
    case View::kServers:
    case View::kSchedulers: show(View::kQueues); return;
    case View::kQueues: done_ = true; return;
  }
}

void Model::show(View view) {
  view_ = view;
  reset_list();
}

void Model::next_page() {
  if (view_ != View::kTasks || data_.query != query() || data_.page.next.empty()) return;
  cursors_.push_back(std::exchange(cursor_, data_.page.next));
  selected_ = 0;
}

void Model::previous_page() {
  if (view_ != View::kTasks || cursors_.empty()) return;
  cursor_ = cursors_.back();
  cursors_.pop_back();
  selected_ = 0;
}

}  // namespace windlass::app::dash
