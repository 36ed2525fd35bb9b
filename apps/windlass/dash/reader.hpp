// Reader: the thread that talks to the store for the dashboard, so that keys are answered while a store is slow or
// away.
#pragma once

#include <atomic>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include <windlass/broker.hpp>
#include <windlass/inspector.hpp>

#include "dash/snapshot.hpp"

namespace windlass::app::dash {

// One look. Errors are put into Snapshot::error; a queue or a task that is not there is no error.
Snapshot read_snapshot(const Inspector& inspector, const Query& query, TimePoint now);
Status perform(const Inspector& inspector, const Act& act);

// Thread-safe. Opens the store itself, and again whenever it could not be had.
class Reader {
 public:
  struct News {
    std::optional<Snapshot> snapshot;
    struct Told {
      std::string message;
      bool failed = false;
    };
    std::vector<Told> told;  // what became of acts
  };
  using Open = std::function<Result<BrokerPtr>()>;

  // Looks every `refresh`, and at once when asked for something else.
  Reader(Open open, Duration refresh);
  ~Reader();
  Reader(const Reader&) = delete;
  Reader& operator=(const Reader&) = delete;

  void ask(const Query& query);
  // Done one after the other; a look follows.
  void act(const Act& act);
  // What came since the last call.
  News take();

 private:
  void run();
  void look(const std::optional<Inspector>& inspector, const std::string& why_not, const Query& query);

  Open open_;
  Duration refresh_;
  std::mutex mu_;
  std::condition_variable changed_;
  Query query_;  // guarded by mu_, as those below
  bool asked_ = true;
  bool stopped_ = false;
  std::vector<Act> acts_;
  News news_;
  std::thread thread_;  // last: begins when all else is there
};

}  // namespace windlass::app::dash
