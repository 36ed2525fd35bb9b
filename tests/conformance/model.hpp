// ModelRun: random operations, carried out on a broker under test and on a memory broker beside it. Whatever one
// answers, the other must answer too, and after each operation everything that can be seen of both must be the same. On
// top of that, what is seen must be consistent in itself, and the counters must be what the outcomes add up to.
//
// A run is a function of its seed. With Row::ties_by_id new ids only ever ascend, so that the order of ids is that of
// storing.
#pragma once

#include <algorithm>
#include <cstdint>
#include <deque>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/random.hpp"
#include "broker/broker.hpp"
#include "conformance/rows.hpp"
#include "support/fake_clock.hpp"

namespace windlass::conformance {

// Thread-compatible.
class ModelRun {
 public:
  ModelRun(const Row& row, std::uint64_t seed);

  // Carries out one operation and compares. Throws std::runtime_error with the difference and the last operations.
  void step();

 private:
  // One thing, given by the broker under test and by the model.
  template <class T>
  struct Both {
    T subject, model;
  };
  struct Counts {
    std::uint64_t processed = 0, failed = 0, expired = 0;
  };

  // -- operations
  void enqueue();
  void fetch();
  void finish();
  void extend();
  void update();
  void forward();
  void recover();
  void clean();
  void take_group();
  void finish_group();
  void release_group();
  void act();
  void bulk();
  void update_payload();
  void pause_or_resume();
  void remove_queue();
  void keep_alive();
  void clear_server();
  void list_filtered();
  void misuse_cursor();
  void probe_locks();
  void move_clock();
  void step_wall(Duration by);

  // -- arguments
  bool chance(unsigned percent) { return random_.below(100) < percent; }
  template <class T>
  const T& one_of(const std::vector<T>& values) {
    return values[random_.below(values.size())];
  }
  // Mostly one of the last few, which are likely to be good still.
  template <class T>
  const T& recent(const std::vector<T>& values) {
    const std::size_t among = chance(20) ? values.size() : std::min<std::size_t>(values.size(), 5);
    return values[values.size() - 1 - random_.below(among)];
  }
  std::string pick_queue();
  std::string pick_id(const std::string& queue);
  broker::TaskRef pick_task();
  broker::TaskFilter pick_filter();
  TimePoint pick_time();
  broker::NewTask pick_new_task(const std::string& queue);
  broker::Finish pick_finish(const broker::LeaseRef& lease);

  // -- comparing
  // Calls verb(broker) on both and compares the answers; returns them.
  template <class Verb>
  auto both(const std::string& what, const Verb& verb);
  void compare(const std::string& subject, const std::string& model, const std::string& where);
  void check_consistency();
  void check_queue(const std::string& queue);
  void count(const broker::Finish& item, const std::string& queue);
  void add_counts(const std::string& queue, const Counts& counts);
  [[noreturn]] void fail(const std::string& why) const;
  void note(const std::string& text);

  // Of a periodic entry, for a tick of a task of this queue.
  const std::string& pick_entry(const std::string& queue);

  const Row row_;
  base::Random random_;
  testing::FakeClock clock_;
  std::unique_ptr<TestStore> store_;
  std::shared_ptr<broker::Broker> subject_, model_;
  std::vector<Both<broker::FetchedTask>> leases_;   // the last ones given out, good or not
  std::vector<Both<broker::AggregationSet>> sets_;  // likewise
  std::vector<std::string> ids_;                    // all that were ever used
  std::set<std::string> beating_;                   // owners that called keep_alive
  std::vector<std::string> entries_;                // periodic ones; with Row::ticks_by_queue one for each queue
  int generation_ = 0;                              // part of the names of owners: cleared ones do not come back
  std::map<std::string, Counts> totals_;
  std::map<std::pair<std::string, std::string>, Counts> days_;  // by queue and date
  std::vector<TimePoint> ends_;                                 // of the locks and tick marks asked for
  TimePoint latest_;                                            // that the wall clock ever showed
  std::deque<std::string> log_;
  std::size_t steps_ = 0;
};

}  // namespace windlass::conformance
