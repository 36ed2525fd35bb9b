// SideFile: what the processes on one database share beside SQLite: a lock to queue up for writing, and a bell.
//
// The file "<database>-windlass-lock" is one page, mapped by every process. Nothing in it matters to the data: it may be
// deleted whenever no process uses the database.
//
// Lock. SQLite's own write lock is polled for, with sleeps of up to 100 ms. Writers of windlass therefore take an open-file
// lock first: the kernel drops it when its holder dies, and who waits sleeps on a word that the holder wakes. Connections
// that do not know of it (the user's own) are still kept out by SQLite's lock.
//
// Bell. Whoever commits something that others wait for rings afterwards; the bits say what it was. Queues share bits by a
// hash of their names, so a sleeper may be woken for another queue, never not woken for its own.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include <windlass/error.hpp>

#include "broker/sqlite/futex.hpp"

namespace windlass::broker {

// Bits of the bell.
inline constexpr std::uint32_t kBellNudge = 1U << 31;   // look at your own flags (clock jumped, told to wake)
inline constexpr std::uint32_t kBellCancel = 1U << 30;
std::uint32_t bell_pending(std::string_view queue);     // one of 15 bits
std::uint32_t bell_due(std::string_view queue);         // another one of 15

// Thread-safe, but for lock() and unlock(), which belong to one thread at a time.
class SideFile {
 public:
  // For the database at `path`; gets its owner's permissions. Errors: kPermissionDenied, kResourceExhausted, kUnavailable.
  static Result<std::shared_ptr<SideFile>> open(const std::string& database);
  ~SideFile();
  SideFile(const SideFile&) = delete;
  SideFile& operator=(const SideFile&) = delete;

  // Waits for its turn to write, at most `patience`. Errors: kUnavailable.
  Status lock(Duration patience);
  void unlock();

  // Wakes all who wait for one of the bits. Call after the commit.
  void ring(std::uint32_t bits);

  // One who waits for some bits. Belongs to one thread, but for nudge().
  class Listener {
   public:
    Listener(std::shared_ptr<SideFile> file, std::uint32_t bits);
    // True if one of the bits was rung since the last call that returned true (or since the start).
    bool take_ring();
    // Sleeps until a ring, a nudge, or `timeout`. Returns at once if one came since `mark` was taken.
    std::uint32_t mark() const;
    void sleep(std::uint32_t mark, Duration timeout);
    void nudge();

   private:
    std::uint64_t sum() const;

    std::shared_ptr<SideFile> file_;
    std::uint32_t bits_;
    std::uint64_t seen_;
  };

 private:
  struct Page;
  SideFile(std::string path, int fd, Page* page);
  void let_the_other_one_in();

  const std::string path_;
  const int fd_;
  Page* const page_;
  bool woke_a_waiter_ = false;  // at the last unlock
};

}  // namespace windlass::broker
