// History: what the store was asked and what it answered, in the order in which it happened there, and whether that was
// right.
//
// It is a second account of the rules of src/broker/broker.hpp, kept apart from all brokers: it believes no store, not
// even about where a task is. What it sees go wrong it tells the world. Rules:
//
//   - an id is in exactly one place, and in the one that the answers say; nothing is lost, nothing comes back
//   - only what waits and is due is fetched; only what is lost is recovered; only the owner finishes and extends
//   - a server that is well keeps what it runs until the outcome is written
//   - a run starts only while its task is its server's own, and not after its expiry; an outcome is that of such a run
//   - a unique lock refuses only while its holder is there and its ttl lasts, and refuses then
//   - one tick, one task, and not before its time; where an entry wants it, none while its last task is not done
//   - a record is kept until its retention ends, and in the archive as many as were asked for
//   - the counters are what the outcomes add up to
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include <windlass/outcome.hpp>

#include "broker/broker.hpp"
#include "sim/world.hpp"

namespace windlass::sim {

// How exactly the store keeps to its own clock; see conformance::Row.
struct StoreTraits {
  Duration grain = Duration(1);
};

// Confined to one thread.
class History {
 public:
  History(World& world, StoreTraits traits) : world_(world), traits_(traits) {}

  // -- told by those in front of the store, right after it answered
  void enqueued(std::span<const broker::NewTask> tasks, std::span<const broker::EnqueueOutcome> outcomes);
  void fetched(const broker::FetchRequest& request, std::span<const broker::FetchedTask> tasks);
  void finished(std::span<const broker::Finish> items, std::span<const broker::FinishOutcome> outcomes);
  void extended(std::span<const broker::LeaseRef> leases, Duration lease, const std::vector<bool>& held);
  void kept_alive(const std::string& owner, Duration ttl);
  void cleared(const std::string& owner);
  void recovered(const broker::RecoverRequest& request, std::span<const broker::RecoveredTask> tasks);
  void cleaned(const broker::CleanRequest& request, const broker::CleanResult& result);
  void group_taken(const broker::AggregationSet& set);
  void group_finished(const broker::AggregationSet& set, const broker::NewTask* aggregate,
                      const broker::EnqueueOutcome& outcome);
  void group_released(const broker::AggregationSet& set);
  void acted(std::span<const broker::TaskRef> tasks, broker::TaskAction action,
             std::span<const broker::ActionOutcome> outcomes);
  void paused(const std::string& queue, bool paused);

  // -- told by servers and clients
  // A handler is called, now, where the wall clock shows `now`.
  void run_started(const broker::LeaseRef& lease, const std::string& server, TimePoint expires_at, TimePoint now);
  void run_ended(const broker::LeaseRef& lease, Outcome::Kind outcome);
  // A client was told that its task is stored.
  void acknowledged(const std::string& queue, const std::string& id);

  // Compares with what the store shows.
  void audit(broker::Broker& store);
  // Whether nothing waits or runs any more.
  bool settled() const;
  // What should not be so any more when everybody had all the time to bring things to an end.
  void final_check();
  // Ticks of the entry with from < nominal <= to that were not taken.
  std::size_t missing_ticks(const std::string& entry, Duration every, TimePoint from, TimePoint to) const;

  // Tasks that were stored, and runs that started: a run of a simulation that does nothing proves nothing.
  std::size_t stored() const { return stored_; }
  std::size_t runs() const { return runs_.size(); }
  // Those that are there.
  std::vector<broker::TaskRef> tasks() const;

 private:
  using Id = std::pair<std::string, std::string>;                                    // queue and id
  using RunId = std::tuple<std::string, std::string, std::uint64_t, std::uint64_t>;  // and token

  enum class Place : std::uint8_t { kWaiting, kActive, kArchived, kCompleted };
  struct Entry {
    Place place = Place::kWaiting;
    TimePoint due;       // not to be fetched before
    std::string group;   // not empty: it waits in a group
    bool moved = false;  // out of that, by the inspector
    std::string set;     // the aggregation set that it was taken into
    TimePoint set_deadline;
    broker::LeaseToken token;  // kActive
    std::string owner;
    Duration lease_until{};
    int crashes = 0;
    Duration retention{};
    TimePoint kept_until;  // kCompleted: at least
    std::string unique_key;
  };
  struct Run {
    std::size_t number = 0;  // for people
    bool started = false;
    std::optional<Outcome::Kind> outcome;
  };
  // The times between which it ends, as the clocks of machines differ.
  struct Lock {
    Id holder;
    TimePoint until_least, until_most;
  };
  struct Counts {
    std::uint64_t processed = 0, failed = 0, expired = 0;
  };

  Run& run_of(const broker::LeaseRef& lease);
  std::string run_name(const broker::LeaseRef& lease);
  std::string name(const Id& id);
  void violated(const Id& id, const std::string& what);
  Entry* find(const Id& id);
  void store_task(const broker::NewTask& task);
  void check_lock(const broker::NewTask& task, const broker::EnqueueOutcome& outcome);
  void check_tick(const broker::NewTask& task, const broker::EnqueueOutcome& outcome);
  void apply(const broker::Finish& item, Entry& entry);
  void check_finish(const broker::Finish& item);
  void count_failed(const std::string& queue);
  void remove(const Id& id);
  void release_lock(const Id& id, const Entry& entry);
  void audit_queue(broker::Broker& store, const std::string& queue, std::set<Id>& seen);
  void note_gone(const Id& id, const Entry& entry, const std::string& otherwise);
  static bool fits(const Entry& entry, TaskState state);
  bool over(Duration until) const;

  World& world_;
  const StoreTraits traits_;
  std::map<Id, Entry> entries_;
  std::map<Id, std::size_t> ever_;  // all that were seen, and which one each was
  std::set<Id> stored_ever_;
  std::map<RunId, Run> runs_;
  std::map<std::string, Lock> locks_;
  std::map<std::string, Duration> alive_until_;       // by owner
  std::map<std::string, std::set<TimePoint>> ticks_;  // by entry
  std::map<std::string, Id> tick_task_;               // the last one stored for it
  std::map<std::string, Counts> counts_;              // by queue
  std::set<std::string> paused_;
  std::size_t may_be_trimmed_ = 0;  // archived tasks that clean() said it removed
  std::size_t may_be_deleted_ = 0;  // completed ones
  std::size_t stored_ = 0;
};

}  // namespace windlass::sim
