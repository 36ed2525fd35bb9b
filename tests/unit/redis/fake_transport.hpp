// FakePeer: a Redis in memory that answers through net::Transport, and that breaks where it is told to.
#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <string>
#include <vector>

#include "base/mutex.hpp"
#include "net/fd.hpp"
#include "net/transport.hpp"
#include "redis/connection.hpp"
#include "redis/resp.hpp"

namespace windlass::testing {

inline constexpr std::uint64_t kNever = std::numeric_limits<std::uint64_t>::max();

// Where one connection fails, in bytes from its beginning.
struct Faults {
  std::uint64_t write_fails_at = kNever;    // writes take what is before, then fail
  std::uint64_t write_stalls_at = kNever;   // there is no room after it, until let_write() is called
  std::uint64_t replies_end_at = kNever;    // the peer closes after so many bytes of replies
  bool mute = false;                        // commands are taken and executed, but no reply comes
};

// One connection to the peer. All calls are thread-safe.
class FakePeer {
 public:
  // Gives the reply of one command, in RESP.
  using Answer = std::function<std::string(const std::vector<std::string>& command)>;

  explicit FakePeer(Answer answer, Faults faults = {}) : answer_(std::move(answer)), faults_(faults) {}

  // Commands that arrived whole, so were executed.
  std::vector<std::vector<std::string>> executed();
  void let_write();
  void say(const std::string& bytes);

  // Of the transport.
  Result<std::size_t> read_some(std::span<char> buffer);
  Result<std::size_t> write_some(std::string_view bytes);
  Result<net::Ready> wait(net::Interest interest, int wake_fd, net::Deadline deadline);
  void shutdown();

 private:
  void execute() WINDLASS_REQUIRES(mu_);
  bool readable() WINDLASS_REQUIRES(mu_);

  const Answer answer_;
  const net::WakeFd changed_;
  base::Mutex mu_;
  Faults faults_ WINDLASS_GUARDED_BY(mu_);
  bool shut_down_ WINDLASS_GUARDED_BY(mu_) = false;
  std::uint64_t received_ WINDLASS_GUARDED_BY(mu_) = 0;
  std::uint64_t replied_ WINDLASS_GUARDED_BY(mu_) = 0;
  std::string commands_ WINDLASS_GUARDED_BY(mu_);
  std::string replies_ WINDLASS_GUARDED_BY(mu_);
  redis::Parser parser_ WINDLASS_GUARDED_BY(mu_);
  redis::Replies parsed_ WINDLASS_GUARDED_BY(mu_);
  std::vector<std::vector<std::string>> executed_ WINDLASS_GUARDED_BY(mu_);
};

std::unique_ptr<net::Transport> make_fake_transport(std::shared_ptr<FakePeer> peer);

}  // namespace windlass::testing
