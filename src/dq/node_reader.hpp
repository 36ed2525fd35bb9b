// NodeReader: the thread of one node in a consumer. It alone speaks on the connection that reserves: it reserves, keeps
// what is in hand alive (touch), and deletes, releases or buries what the workers have done with.
//
// beanstalkd answers in order, and a reserve that waits holds up what is sent after it. So with copies in hand a
// reserve waits for a second at most; what workers want done waits so long, and nothing depends on it: the record under
// the lock key says already how the run ended. With empty hands it waits longer.
#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include <windlass/dq.hpp>

#include "base/clock.hpp"
#include "base/mutex.hpp"
#include "beanstalk/connection.hpp"
#include "dq/conclusion.hpp"
#include "dq/copy.hpp"
#include "dq/due_queue.hpp"
#include "net/fd.hpp"
#include "runtime/trouble.hpp"

namespace windlass::dq {

struct ReaderRules {
  std::size_t in_hand_max = 1000;
  bool hold_until_due = true;  // false: workers get a copy at once
};

// What a consumer counts for each node. Written by readers and workers.
struct ReaderCounts {
  std::atomic<std::uint64_t> reserved{0}, in_hand{0}, done{0}, failed{0}, retried{0}, buried{0}, late_dropped{0},
      duplicates{0}, taken_over{0}, leases_lost{0}, reservations_lost{0}, malformed{0};
  std::atomic<Duration::rep> lateness_total{0}, lateness_max{0};
  std::atomic<bool> connected{false};
};

// start() and stop() belong to one thread; the others are thread-safe.
class NodeReader {
 public:
  // REQUIRES: check_nodes() has nothing against the node.
  NodeReader(Node node, const ReaderRules& rules, DueQueue& queue, base::Clock& clock);
  ~NodeReader();  // as stop()

  void start();
  // Reserves no more.
  void quiet();
  // quiet, does what workers still wanted done, and closes: what is in hand goes back to the node. Waits for two
  // seconds at most for a node that does not answer.
  void stop();

  // For a worker that has done with a copy of this reader.
  void settle(CopyPtr copy, Settlement settlement);
  // There may be room again.
  void wake_if_starved();

  const Node& node() const { return node_; }
  ReaderCounts& counts() { return counts_; }
  const ReaderCounts& counts() const { return counts_; }

 private:
  struct Step {
    enum class Kind : std::uint8_t { kReserve, kDescribe, kTouch, kSettle };
    Kind kind;
    CopyPtr copy;
  };
  struct Wish {
    CopyPtr copy;
    Settlement settlement;
  };

  void loop();
  void sleep(Duration length);
  Status connect();
  void disconnect(const Error& cause);
  Status pass();
  bool over();

  void add_wishes(beanstalk::Commands& commands, std::vector<Step>& steps);
  void add_settlement(const Copy& copy, const Settlement& settlement, beanstalk::Commands& commands) const;
  void add_descriptions(beanstalk::Commands& commands, std::vector<Step>& steps);
  void add_touches(beanstalk::Commands& commands, std::vector<Step>& steps, bool all);
  std::uint32_t add_reserves(beanstalk::Commands& commands, std::vector<Step>& steps);
  void give_back_stalled();
  Status exchange(const beanstalk::Commands& commands, const std::vector<Step>& steps, std::uint32_t patience);

  void handle(const Step& step, beanstalk::Reply& reply);
  void take(beanstalk::Reply& job);
  void describe(const CopyPtr& copy, const beanstalk::Reply& reply);
  void hand_on(const CopyPtr& copy);
  void lose(const CopyPtr& copy);
  void forget(const Copy& copy);

  const Node node_;
  const ReaderRules rules_;
  DueQueue& queue_;
  base::Clock& clock_;
  const std::string trouble_name_;
  ReaderCounts counts_;
  const net::WakeFd wake_;
  std::atomic<bool> quiet_{false};
  std::atomic<bool> stopping_{false};
  std::atomic<bool> starved_{false};

  base::Mutex mu_;
  std::vector<Wish> wishes_ WINDLASS_GUARDED_BY(mu_);

  // Confined to the thread.
  runtime::Trouble trouble_;
  std::unique_ptr<beanstalk::Connection> connection_;
  std::map<beanstalk::JobId, CopyPtr> in_hand_;
  std::vector<CopyPtr> new_;        // not described yet
  std::uint32_t reserve_next_ = 1;  // how many to ask for at once
  bool dry_ = false;                // the last pass found nothing
  bool deadline_soon_ = false;

  std::thread thread_;  // last
};

}  // namespace windlass::dq
