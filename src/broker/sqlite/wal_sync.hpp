// WalSync: brings committed transactions onto the disk, apart from committing them.
//
// SQLite's synchronous=FULL syncs the write-ahead log inside COMMIT, while it holds the write lock: nobody can write
// meanwhile. Here transactions are committed without a sync, so that others see them and go on at once, and whoever needs
// to know that they survive a loss of power waits for a sync of the log that began after the commit. One sync serves all
// who wait. The log is read from its beginning after a crash, up to the first damaged frame: what is durable includes all
// that was committed before it, by any process.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include <windlass/error.hpp>

#include "base/mutex.hpp"

namespace windlass::broker {

// Thread-safe.
class WalSync {
 public:
  // REQUIRES: a connection to the database is open, and stays so: the log lives as long.
  static Result<std::unique_ptr<WalSync>> open(const std::string& database);
  ~WalSync();
  WalSync(const WalSync&) = delete;
  WalSync& operator=(const WalSync&) = delete;

  // Returns when all that was committed before the call is on the disk. Errors: kUnknownOutcome.
  Status wait();

 private:
  WalSync(std::string path, int fd) : path_(std::move(path)), fd_(fd) {}
  // 0 or the error number.
  int sync() const;

  const std::string path_;
  const int fd_;

  base::Mutex mu_;
  base::CondVar changed_;
  std::uint64_t begun_ WINDLASS_GUARDED_BY(mu_) = 0;    // syncs that were begun
  std::uint64_t done_ WINDLASS_GUARDED_BY(mu_) = 0;     // the last of them that is done
  std::uint64_t failed_ WINDLASS_GUARDED_BY(mu_) = 0;   // the last of them that failed
  int error_ WINDLASS_GUARDED_BY(mu_) = 0;              // its error number
};

}  // namespace windlass::broker
