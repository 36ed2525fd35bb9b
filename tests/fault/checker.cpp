#include "fault/checker.hpp"

#include <algorithm>
#include <optional>
#include <set>

namespace windlass::fault {
namespace {

constexpr std::int64_t kNever = INT64_MAX;
constexpr std::size_t kExamplesMax = 20;
constexpr std::int64_t kSecond = 1'000'000'000;

struct Run {
  std::string server;
  std::int64_t from = 0, to = kNever;
  bool done = false;
};

struct Story {
  std::string kind;
  std::int64_t intent = 0, due = 0, expires = 0;
  std::optional<std::int64_t> acked;
  std::string key;
  std::int64_t locked_until = 0;  // with a key: not longer than this
  std::vector<Run> runs;
};

class Check {
 public:
  Check(const std::map<std::string, Rest>& rests, const std::vector<Disturbance>& disturbances, const CheckOptions& options)
      : rests_(rests), disturbances_(disturbances), options_(options) {}

  Findings run(const std::vector<Event>& events) {
    for (const Event& event : events) take(event);
    for (const auto& [id, nominal] : options_.ticks_left) ticks_[nominal].insert(id);
    for (auto& [id, story] : stories_) {
      end_runs(story);
      judge(id, story);
    }
    judge_unique();
    judge_ticks();
    return std::move(found_);
  }

 private:
  void take(const Event& event) {
    Story& story = stories_[event.id];
    const auto word = [&](std::size_t i) { return i < event.detail.size() ? event.detail[i] : std::string(); };
    switch (event.kind) {
      case EventKind::kIntent:
        if (story.intent != 0) return;  // the same again, after an unknown outcome
        story.intent = event.at;
        story.kind = word(0);
        story.due = std::stoll(word(1));
        story.expires = std::stoll(word(2));
        story.key = word(3);
        if (event.detail.size() > 4) story.locked_until = std::stoll(word(4));
        return;
      case EventKind::kAcked:
        if (!story.acked) {
          story.acked = event.at;
          ++found_.acked;
        }
        return;
      case EventKind::kRefused: ++found_.refused; return;
      case EventKind::kUnknown: ++found_.unknown; return;
      case EventKind::kStart:
        story.runs.push_back({word(0), event.at});
        if (event.detail.size() > 1) {
          const std::int64_t nominal = std::stoll(word(1));
          if (ticks_.empty()) first_begun_ = nominal;
          ticks_[nominal].insert(event.id);
        }
        return;
      case EventKind::kDone:
      case EventKind::kFailed:
        for (auto run = story.runs.rbegin(); run != story.runs.rend(); ++run) {
          if (run->server != word(0) || run->to != kNever) continue;
          run->to = event.at;
          run->done = event.kind == EventKind::kDone;
          return;
        }
    }
  }

  // A run that never said how it ended went on until its server was killed, if it was.
  void end_runs(Story& story) const {
    for (Run& run : story.runs) {
      if (run.to != kNever) continue;
      for (const Disturbance& d : disturbances_) {
        if (d.who == run.server && d.to == kNever && d.from >= run.from) run.to = std::min(run.to, d.from);
      }
    }
  }

  bool disturbed(const std::string& server, std::int64_t from, std::int64_t to) const {
    return std::ranges::any_of(disturbances_, [&](const Disturbance& d) {
      if (d.who.empty()) return d.from <= to && d.to + options_.find_out_ns >= from;
      return d.who == server && d.from <= to && d.to >= from;
    });
  }

  // From `acked` to the next trouble of the store; 0 if it was in trouble then.
  std::int64_t until_trouble(std::int64_t acked) const {
    std::int64_t next = kNever;
    for (const Disturbance& d : disturbances_) {
      if (d.who.empty() && d.to >= acked) next = std::min(next, std::max(d.from, acked));
    }
    return next == kNever ? 0 : next - acked;
  }

  void tell_if(bool promised, std::size_t& counter, const std::string& id, const std::string& what) {
    if (promised) tell(counter, id, what);
    else ++found_.not_promised;
  }

  void tell(std::size_t& counter, const std::string& id, const std::string& what) {
    ++counter;
    if (found_.examples.size() < kExamplesMax) found_.examples.push_back(id + ": " + what);
  }

  void judge(const std::string& id, Story& story) {
    const auto times_done = std::ranges::count_if(story.runs, &Run::done);
    if (times_done > 0) ++found_.done;
    if (times_done > 1) ++found_.twice;
    const auto place = rests_.find(id);
    const Rest rest = place == rests_.end() ? Rest::kGone : place->second;
    if (story.acked) {
      if (rest == Rest::kArchived) ++found_.archived;
      if (rest == Rest::kWaiting) tell(found_.stuck, id, "is still waiting at the end");
      if (rest == Rest::kGone && times_done == 0) {
        tell(found_.lost, id, "was acknowledged, and is neither done nor anywhere");
        found_.loss_window_ns = std::max(found_.loss_window_ns, until_trouble(*story.acked));
      }
    }
    for (const Run& run : story.runs) {
      if (options_.clocks_stepped || story.intent == 0) break;
      if (run.from < story.due) {
        const bool promised = options_.go_servers.empty() || story.due - run.from >= kSecond;
        tell_if(promised, found_.early, id, "began " + std::to_string((story.due - run.from) / 1000) + " us early");
      }
      if (story.expires != 0 && run.from > story.expires + options_.grace_ns && !disturbed(run.server, story.expires, run.from)) {
        tell_if(!is_go(run), found_.late, id, "began after it had expired");
      }
    }
    judge_overlaps(id, story.runs);
  }

  void judge_overlaps(const std::string& id, const std::vector<Run>& runs) {
    for (std::size_t i = 0; i < runs.size(); ++i) {
      for (std::size_t j = i + 1; j < runs.size(); ++j) {
        if (runs[j].from >= runs[i].to || disturbed(runs[i].server, runs[i].from, runs[j].from)) continue;
        tell_if(!sleeper_before(runs, j), found_.overlaps, id, "began on " + runs[j].server + " while it ran on " + runs[i].server);
      }
    }
  }

  bool is_go(const Run& run) const { return options_.go_servers.contains(run.server); }

  // Whether a Go server that had begun with the task was asleep since: awake again, it may have ended a run that was not its own.
  bool sleeper_before(const std::vector<Run>& runs, std::size_t j) const {
    return std::any_of(runs.begin(), runs.begin() + static_cast<std::ptrdiff_t>(j), [&](const Run& run) {
      return is_go(run) && disturbed(run.server, run.from, runs[j].from);
    });
  }

  // A lock is held at least until a handler begins with its task, unless its time ran out before.
  void judge_unique() {
    if (options_.clocks_stepped) return;
    std::map<std::string, std::vector<std::pair<std::string, const Story*>>> by_key;
    for (const auto& [id, story] : stories_) {
      if (!story.key.empty() && story.key != "-" && story.acked) by_key[story.key].emplace_back(id, &story);
    }
    for (auto& [key, holders] : by_key) {
      std::ranges::sort(holders, {}, [](const auto& holder) { return holder.second->intent; });
      for (std::size_t i = 0; i + 1 < holders.size(); ++i) {
        const Story& first = *holders[i].second;
        if (first.runs.empty()) continue;  // archived or lost: nobody saw when its lock went
        for (std::size_t j = i + 1; j < holders.size(); ++j) {
          const Story& second = *holders[j].second;
          if (second.intent > *first.acked && *second.acked < std::min(first.runs.front().from, first.locked_until)) {
            tell(found_.unique_broken, holders[j].first, "was stored while " + holders[i].first + " held the lock of " + key);
          }
        }
      }
    }
  }

  void judge_ticks() {
    found_.ticks = ticks_.size();
    if (ticks_.empty()) return;
    // A clock that is set back shows times before there was a scheduler; nobody has promised their ticks.
    const std::int64_t from = options_.clocks_stepped ? first_begun_ : ticks_.begin()->first;
    for (std::int64_t tick = from; tick <= ticks_.rbegin()->first; ++tick) {
      const auto found = ticks_.find(tick);
      if (found == ticks_.end()) tell(found_.ticks_missed, "tick " + std::to_string(tick), "has no task");
      else if (found->second.size() > 1) tell(found_.ticks_twice, "tick " + std::to_string(tick), "has more than one task");
    }
  }

  const std::map<std::string, Rest>& rests_;
  const std::vector<Disturbance>& disturbances_;
  const CheckOptions& options_;
  std::map<std::string, Story> stories_;
  std::map<std::int64_t, std::set<std::string>> ticks_;  // nominal time, ids
  std::int64_t first_begun_ = 0;                         // nominal time of the tick whose task began first
  Findings found_;
};

}  // namespace

Findings check(const std::vector<Event>& events, const std::map<std::string, Rest>& rests,
               const std::vector<Disturbance>& disturbances, const CheckOptions& options) {
  return Check(rests, disturbances, options).run(events);
}

}  // namespace windlass::fault
