// Disk: a folder below which disk_shim.cpp makes the disk, for processes that are started with its environment.
#pragma once

#include <string>
#include <vector>

#include "base/random.hpp"
#include "support/child_process.hpp"

namespace windlass::fault {

enum class DiskTrouble : char { kNone, kFull, kReadOnly, kPower };

// Confined to one thread.
class Disk {
 public:
  Disk();

  std::string file(const std::string& name) const { return dir_.file(name); }
  const std::string& path() const { return dir_.path(); }
  // For processes whose files it looks after: "NAME=value".
  std::vector<std::string> environment() const;

  // What is in `folder` becomes what was synced of it; of a file that never was, its name is left. REQUIRES: the processes that wrote there are dead.
  void lose_power(const std::string& folder) const;
  // Is full or read-only for a while. Returns what it was, as words.
  std::string refuse_for_a_while(DiskTrouble trouble, base::Random& random) const;

 private:
  void set_mode(char mode) const;

  const testing::TempDir dir_;
};

}  // namespace windlass::fault
