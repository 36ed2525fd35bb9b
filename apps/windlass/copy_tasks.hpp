// Carrying tasks from one queue or store to another, as they are.
//
// Page by page, and each task under its own id: so it can be broken off anywhere and begun again, and what is there already is left.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "broker/transfer.hpp"

namespace windlass::app {

struct CopyCount {
  std::uint64_t copied = 0;
  std::uint64_t already = 0;  // were there, from an earlier time
  std::uint64_t refused = 0;  // another task has the id or the unique lock: they stay where they are
  std::string first_refusal;  // why, of the first of them

  std::uint64_t seen() const { return copied + already + refused; }
};

struct CopyOrder {
  broker::TaskFilter filter;  // which tasks; any state but active
  std::string queue;          // where to
  bool take_away = false;     // delete them where they were, once they are stored
  // Called after each page.
  std::function<void(const CopyCount&)> progress;
};

// Adds to `count`, also when an Error ends it.
Status copy_tasks(broker::Broker& from, broker::Broker& to, const CopyOrder& order, CopyCount& count);

}  // namespace windlass::app
