// Checkpointer: copies the write-ahead log into the database while others go on writing.
//
// SQLite lets writers append to the log while what stands in it is copied, but the log begins anew only when all of it is
// copied and nobody writes. So the bulk is copied here, on a thread and a connection of its own, which exist from the first
// checkpoint on; the writer copies the rest, which came meanwhile, while it holds the lock (Writer::checkpoint_if_due).
#pragma once

#include <string>
#include <thread>

#include "base/mutex.hpp"
#include "broker/sqlite/database.hpp"

namespace windlass::broker {

// Thread-safe, but for begin(), which belongs to one thread at a time.
class Checkpointer {
 public:
  // `path`: of a database that is open for as long as this object lives.
  Checkpointer(std::string path, Durability durability) : path_(std::move(path)), durability_(durability) {}
  ~Checkpointer();  // waits for the end of the copying
  Checkpointer(const Checkpointer&) = delete;
  Checkpointer& operator=(const Checkpointer&) = delete;

  // Copies what stands in the log now. Returns at once. REQUIRES: idle(). A copy that fails is one that copied nothing:
  // nothing is lost by it, and who copies the rest will hear of it.
  void begin();
  bool idle() const;
  void wait_until_idle();

 private:
  void loop();

  const std::string path_;
  const Durability durability_;
  std::thread thread_;   // of begin()

  mutable base::Mutex mu_;
  base::CondVar changed_;
  bool asked_ WINDLASS_GUARDED_BY(mu_) = false;   // until the copy is made
  bool ending_ WINDLASS_GUARDED_BY(mu_) = false;
};

}  // namespace windlass::broker
