#include "broker/sqlite/readers.hpp"

#include <utility>

namespace windlass::broker {

namespace {

// More are opened when more threads read at once, and closed afterwards: each takes some 100 KiB and three descriptors.
constexpr std::size_t kIdleMax = 2;

}  // namespace

Result<std::unique_ptr<sqlite::Connection>> Readers::take() {
  {
    base::Lock lock(mu_);
    if (!idle_.empty()) {
      std::unique_ptr<sqlite::Connection> db = std::move(idle_.back());
      idle_.pop_back();
      return db;
    }
  }
  return open_reader(options_);
}

void Readers::give_back(std::unique_ptr<sqlite::Connection> db) {
  base::Lock lock(mu_);
  if (idle_.size() < kIdleMax) idle_.push_back(std::move(db));
}

}  // namespace windlass::broker
