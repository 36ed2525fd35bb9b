// Model: what the dashboard shows and where its user is; changed by keys and by what was read. It knows no terminal and
// no store.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "dash/snapshot.hpp"
#include "dash/throughput.hpp"

namespace windlass::app::dash {

// A character, or one of the keys below, which no character is.
using Key = char32_t;
inline constexpr Key kUp = 0x110001, kDown = 0x110002, kLeft = 0x110003, kRight = 0x110004, kPageUp = 0x110005,
                     kPageDown = 0x110006;
inline constexpr Key kEnter = U'\r', kEscape = 0x1b, kInterrupt = 0x03, kRedraw = 0x0c;

// The order of the tabs.
inline constexpr TaskState kTabs[] = {TaskState::kActive,    TaskState::kPending, TaskState::kAggregating,
                                      TaskState::kScheduled, TaskState::kRetry,   TaskState::kArchived,
                                      TaskState::kCompleted};

// Confined to one thread.
class Model {
 public:
  explicit Model(std::string broker) : broker_(std::move(broker)) {}

  // The page of tasks has so many rows.
  void resize(int width, int height);
  void press(Key key);
  // A snapshot of another query than the present one still counts for throughput and errors.
  void take(Snapshot snapshot);
  // What became of an act.
  void told(std::string message, bool failed);

  Query query() const;
  bool done() const { return done_; }
  bool wants_redraw() { return std::exchange(redraw_, false); }
  // Acts that the user has confirmed, each once.
  std::vector<Act> take_acts() { return std::exchange(acts_, {}); }

  // For drawing.
  const std::string& broker() const { return broker_; }
  View view() const { return view_; }
  const Snapshot& data() const { return data_; }
  bool has_data() const { return data_.read_at != kNoTime; }
  int selected() const { return selected_; }
  int scroll() const { return scroll_; }
  TaskState state() const { return state_; }
  int page_number() const { return static_cast<int>(cursors_.size()) + 1; }
  const std::optional<Act>& question() const { return question_; }
  const std::string& message() const { return message_; }
  bool message_is_error() const { return message_is_error_; }
  const std::string& trouble() const { return trouble_; }
  const Throughput& throughput(const std::string& queue) const;
  const Throughput& all_throughput() const { return all_; }
  const QueueInfo* queue_info() const;

 private:
  void press_in_view(Key key);
  void answer(Key key);
  void move(int by);
  void change_state(int by);
  void open();
  void back();
  void show(View view);
  void open_group();
  void next_page();
  void previous_page();
  void ask(ActKind kind);
  void reset_list();
  int rows() const;
  const TaskInfo* chosen_task() const;
  const QueueInfo* chosen_queue() const;

  std::string broker_;
  View view_ = View::kQueues, before_help_ = View::kQueues;
  std::string queue_, task_;
  std::optional<std::string> group_;  // as in Query
  TaskState state_ = TaskState::kActive;
  int height_ = 24;
  int selected_ = 0, scroll_ = 0;
  std::string cursor_;
  std::vector<std::string> cursors_;  // of the pages before
  std::string selected_queue_;        // to come back to
  Snapshot data_;
  std::optional<Act> question_;
  std::vector<Act> acts_;
  std::string message_, trouble_;
  bool message_is_error_ = false, done_ = false, redraw_ = false;
  std::map<std::string, Throughput> throughput_;
  Throughput all_;
};

}  // namespace windlass::app::dash
