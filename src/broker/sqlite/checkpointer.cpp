#include "broker/sqlite/checkpointer.hpp"

#include <memory>
#include <system_error>

namespace windlass::broker {

Checkpointer::~Checkpointer() {
  {
    base::Lock lock(mu_);
    ending_ = true;
    changed_.notify_all();
  }
  if (thread_.joinable()) thread_.join();
}

void Checkpointer::begin() {
  if (!thread_.joinable()) {
    try {
      thread_ = std::thread([this] { loop(); });
    } catch (const std::system_error&) {
      return;  // no thread to be had: the writer copies all
    }
  }
  base::Lock lock(mu_);
  asked_ = true;
  changed_.notify_all();
}

bool Checkpointer::idle() const {
  base::Lock lock(mu_);
  return !asked_;
}

void Checkpointer::wait_until_idle() {
  base::Lock lock(mu_);
  while (asked_) changed_.wait(mu_);
}

void Checkpointer::loop() {
  Result<std::unique_ptr<sqlite::Connection>> db = open_checkpointer(path_, durability_);
  base::Lock lock(mu_);
  while (true) {
    while (!asked_ && !ending_) changed_.wait(mu_);
    if (ending_) return;
    lock.unlock();
    if (db) {
      (*db)->checkpoint();
      (*db)->take_failure();
    }
    lock.lock();
    asked_ = false;
    changed_.notify_all();
  }
}

}  // namespace windlass::broker
