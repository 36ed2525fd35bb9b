// The brokers that the conformance suite is run over. Each test program links the tests and one file that defines
// rows(). A new broker needs one such file, and one line in CMakeLists.txt.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <ostream>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "broker/broker.hpp"

namespace windlass::conformance {

// One store, empty at first, gone with this object.
class TestStore {
 public:
  virtual ~TestStore() = default;
  // Opens the store, as a process of its own would. Where a row says `shared`, several of these may be open at a time.
  virtual std::shared_ptr<broker::Broker> open(base::Clock& clock, std::size_t payload_max) = 0;
};

struct Row {
  std::string name;
  std::function<std::unique_ptr<TestStore>()> make;
  // The same, but without waiting for a disk: for the tests that take thousands of steps. Without it they use `make`.
  std::function<std::unique_ptr<TestStore>()> make_quick = {};
  bool survives = false;    // what was stored is there after the last broker was closed, and opened again
  bool shared = false;      // several open brokers see one store, and signal each other
  bool ties_by_id = false;  // equal times are ordered by id instead of by order of storing
  // Unique locks end on the clock of the store's server as well: a wall clock that is stepped back ends them early.
  bool locks_end_by_server = false;
  // Marks of ticks hold among the tasks of one queue alone.
  bool ticks_by_queue = false;
  Duration grain = Duration(1);  // how exactly leases, liveness, records and tick marks end
};

const std::vector<Row>& rows();

// GoogleTest prints a row by its name.
inline void PrintTo(const Row& row, std::ostream* out) { *out << row.name; }

}  // namespace windlass::conformance
