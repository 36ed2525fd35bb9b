// EventStream: a response that goes on (text/event-stream), written to by any thread.
//
// The same bytes may go to any number of clients without being copied. A client that does not take what it is sent is not
// waited for: look at backlog() and send it less, or nothing, until it has caught up. The server closes a stream whose client
// takes nothing for Config::write_timeout.
#pragma once

#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/mutex.hpp"

namespace windlass::http {

using SharedBytes = std::shared_ptr<const std::string>;

// "event: NAME\ndata: ...\n\n", one data line for each line of `data`. REQUIRES: no line break in `name`.
std::string format_event(std::string_view name, std::string_view data);

// Thread-safe. May outlive its server.
class EventStream {
 public:
  static constexpr std::size_t kBacklogMax = 16 << 20;

  // `ready` tells the loop that there is something to take.
  explicit EventStream(std::function<void()> ready) : ready_(std::move(ready)) {}

  // False if the client is gone, or is now given up because more than kBacklogMax bytes wait for it.
  bool send(SharedBytes bytes);
  // Ends the response when all that was sent is out.
  void close();
  // The client is still there and close() was not called.
  bool open() const;
  // Bytes that the kernel has not taken yet.
  std::size_t backlog() const;

  // For the loop.
  std::deque<SharedBytes> take();
  void sent(std::size_t bytes);
  void abandon();
  bool ended() const;  // closed, and everything was taken

 private:
  mutable base::Mutex mu_;
  std::function<void()> ready_ WINDLASS_GUARDED_BY(mu_);
  std::deque<SharedBytes> waiting_ WINDLASS_GUARDED_BY(mu_);
  std::size_t backlog_ WINDLASS_GUARDED_BY(mu_) = 0;
  bool closed_ WINDLASS_GUARDED_BY(mu_) = false;
};

}  // namespace windlass::http
