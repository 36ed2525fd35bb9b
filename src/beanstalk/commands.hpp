// Commands: what is sent to beanstalkd, as bytes, with what each of them may be answered. All commands of
// protocol 1.12.
//
//   Commands c;
//   c.use("mail").put({.delay_seconds = 5}, "body").put({}, "other");
//   auto replies = connection.call(c, deadline);        // three of them
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace windlass::beanstalk {

using JobId = std::uint64_t;

enum class Verb : std::uint8_t {
  kPut,
  kUse,
  kReserve,
  kReserveWithTimeout,
  kReserveJob,
  kDelete,
  kRelease,
  kBury,
  kTouch,
  kWatch,
  kIgnore,
  kPeek,
  kPeekReady,
  kPeekDelayed,
  kPeekBuried,
  kKick,
  kKickJob,
  kStatsJob,
  kStatsTube,
  kStats,
  kListTubes,
  kListTubeUsed,
  kListTubesWatched,
  kPauseTube,
};
// As it is written: "reserve-with-timeout".
std::string_view verb_name(Verb verb);

struct PutArgs {
  std::uint32_t priority = 0;  // 0 is the most urgent
  std::uint32_t delay_seconds = 0;
  std::uint32_t ttr_seconds = 1;  // beanstalkd takes 0 as 1
};

// Thread-compatible value. REQUIRES of all tube names: check_tube_name() has nothing against them.
class Commands {
 public:
  Commands& put(const PutArgs& args, std::string_view body);
  Commands& use(std::string_view tube) { return add(Verb::kUse, tube); }

  Commands& reserve() { return add(Verb::kReserve); }
  Commands& reserve_with_timeout(std::uint32_t seconds) { return add(Verb::kReserveWithTimeout, seconds); }
  Commands& reserve_job(JobId id) { return add(Verb::kReserveJob, id); }
  Commands& remove(JobId id) { return add(Verb::kDelete, id); }  // "delete" is a keyword
  Commands& release(JobId id, std::uint32_t priority, std::uint32_t delay_seconds) {
    return add(Verb::kRelease, id, priority, delay_seconds);
  }
  Commands& bury(JobId id, std::uint32_t priority) { return add(Verb::kBury, id, priority); }
  Commands& touch(JobId id) { return add(Verb::kTouch, id); }
  Commands& watch(std::string_view tube) { return add(Verb::kWatch, tube); }
  Commands& ignore(std::string_view tube) { return add(Verb::kIgnore, tube); }

  Commands& peek(JobId id) { return add(Verb::kPeek, id); }
  Commands& peek_ready() { return add(Verb::kPeekReady); }
  Commands& peek_delayed() { return add(Verb::kPeekDelayed); }
  Commands& peek_buried() { return add(Verb::kPeekBuried); }
  // Of the tube in use: buried jobs, or delayed ones if none is buried.
  Commands& kick(std::uint32_t bound) { return add(Verb::kKick, bound); }
  Commands& kick_job(JobId id) { return add(Verb::kKickJob, id); }
  Commands& stats_job(JobId id) { return add(Verb::kStatsJob, id); }
  Commands& stats_tube(std::string_view tube) { return add(Verb::kStatsTube, tube); }
  Commands& stats() { return add(Verb::kStats); }
  Commands& list_tubes() { return add(Verb::kListTubes); }
  Commands& list_tube_used() { return add(Verb::kListTubeUsed); }
  Commands& list_tubes_watched() { return add(Verb::kListTubesWatched); }
  Commands& pause_tube(std::string_view tube, std::uint32_t seconds) { return add(Verb::kPauseTube, tube, seconds); }

  std::string_view bytes() const { return bytes_; }
  const std::vector<Verb>& verbs() const { return verbs_; }
  std::size_t size() const { return verbs_.size(); }
  bool empty() const { return verbs_.empty(); }
  // Keeps the memory for the next use.
  void clear();

 private:
  template <class... Args>
  Commands& add(Verb verb, const Args&... args) {
    begin(verb);
    (argument(args), ...);
    bytes_ += "\r\n";
    return *this;
  }
  void begin(Verb verb);
  void argument(std::string_view text);
  void argument(std::uint64_t number);

  std::string bytes_;
  std::vector<Verb> verbs_;
};

}  // namespace windlass::beanstalk
