// EnqueueCombiner: enqueue calls of many threads, gathered into few scripts. A call never waits for company: it leaves at once while
// fewer than kInFlight round trips are under way; what comes meanwhile leaves together with the next one, which one of the
// waiting callers makes for all of them.
#pragma once

#include <cstddef>
#include <list>
#include <optional>
#include <span>
#include <vector>

#include "base/mutex.hpp"
#include "broker/broker.hpp"
#include "broker/redis/store.hpp"

namespace windlass::broker {

// Thread-safe.
class EnqueueCombiner {
 public:
  explicit EnqueueCombiner(Store& store) : store_(store) {}

  // As Broker::enqueue. Calls that ask for more durability than others go by themselves. An Error
  // that Redis gives for one script is that of the callers whose tasks were in it; what is thrown (out of memory) is thrown to
  // all callers of the round trip, and whether their tasks were stored is not known then.
  Result<std::vector<EnqueueOutcome>> enqueue(std::span<const NewTask> tasks);

 private:
  struct Request;

  void lead() WINDLASS_REQUIRES(mu_);
  std::list<Request*> take_batch() WINDLASS_REQUIRES(mu_);
  // The answers for each request of the batch.
  std::vector<Result<std::vector<EnqueueOutcome>>> run(const std::list<Request*>& batch) WINDLASS_EXCLUDES(mu_);

  static constexpr int kInFlight = 2;          // so that Redis works while an answer travels
  static constexpr std::size_t kTasks = 1000;  // of a batch, but for a single call that has more

  Store& store_;
  base::Mutex mu_;
  std::list<Request*> waiting_ WINDLASS_GUARDED_BY(mu_);  // oldest first
  int in_flight_ WINDLASS_GUARDED_BY(mu_) = 0;
};

}  // namespace windlass::broker
