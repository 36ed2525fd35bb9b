// ChildCgroup: a control group (version 2) for one child and all that it starts, whatever process group that is in.
//
// It is a folder below one that somebody has delegated to this program, with the memory controller if memory is to be limited. The
// folder goes with this object; what a killed server has left is removed by the next one.
#pragma once

#include <cstdint>
#include <string>
#include <utility>

#include <windlass/error.hpp>

#include "exec/fd.hpp"

namespace windlass::exec {

// Thread-compatible; kill() and the destructor belong to one thread.
class ChildCgroup {
 public:
  // `memory_max`: bytes of memory and swap that all in it may have together; 0 = no limit. Errors: kInvalidArgument (what cannot
  // be done in `parent`, and why).
  static Result<ChildCgroup> make(const std::string& parent, std::uint64_t memory_max);
  ChildCgroup(ChildCgroup&& other) noexcept
      : folder_(std::exchange(other.folder_, {})), join_(std::move(other.join_)) {}
  ChildCgroup& operator=(ChildCgroup&&) = delete;
  ~ChildCgroup();

  // A process that writes "0" there is in it, and so is all that it starts.
  int join_fd() const { return join_.get(); }
  // SIGKILL to all that is in it.
  void kill() const;
  // Whether the kernel has killed something in it for its limit.
  bool ran_out_of_memory() const;

 private:
  ChildCgroup(std::string folder, Fd join) : folder_(std::move(folder)), join_(std::move(join)) {}

  std::string folder_;
  Fd join_;
};

// Removes the folders that servers which are gone have left below `parent`.
void remove_dead_cgroups(const std::string& parent);

}  // namespace windlass::exec
