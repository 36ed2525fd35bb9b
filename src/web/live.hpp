// Live: what changes, told to all open pages. One poller for the whole process looks at the store while somebody listens, and
// sends the differences; the bytes are made once and shared by all clients who want the same.
#pragma once

#include <list>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include <windlass/inspector.hpp>

#include "base/mutex.hpp"
#include "http/event_stream.hpp"
#include "web/access.hpp"
#include "web/audit.hpp"
#include "web/config.hpp"

namespace windlass::web {

// What the poller saw, as JSON texts.
struct Picture {
  bool available = true;
  std::string message;                                      // why it is not
  std::map<std::string, std::pair<std::string, std::string>> queues;  // name -> (what is compared, what is sent)
  std::string servers, schedulers;
};

// Thread-safe.
class Live {
 public:
  static constexpr std::size_t kClientsMax = 1000;

  Live(const WebConfig& config, const Inspector& inspector, Access& access);
  ~Live();  // as stop()

  // From now on the stream gets events, first of all a whole picture. `queues` empty: all. False: there are too many.
  bool join(std::shared_ptr<http::EventStream> stream, std::vector<std::string> queues, const Identity& who);
  // Somebody changed something through this server.
  void tell_action(const AuditEntry& entry);
  // Tells all clients that the server stops, and ends the poller.
  void stop();

  std::size_t clients() const;

 private:
  struct Client {
    std::shared_ptr<http::EventStream> stream;
    std::set<std::string> queues;
    Identity who;
    bool behind = true;           // needs a whole picture
    bool told_available = true;
  };

  void run();
  Picture look(const std::set<std::string>& wanted) const;
  void tell(const Picture& before, const Picture& now) WINDLASS_REQUIRES(mu_);
  void drop_gone() WINDLASS_REQUIRES(mu_);
  std::set<std::string> wanted() const WINDLASS_REQUIRES(mu_);

  const WebConfig& config_;
  const Inspector& inspector_;
  Access& access_;
  mutable base::Mutex mu_;
  base::CondVar changed_;
  std::list<Client> clients_ WINDLASS_GUARDED_BY(mu_);
  bool stopping_ WINDLASS_GUARDED_BY(mu_) = false;
  bool news_ WINDLASS_GUARDED_BY(mu_) = false;  // somebody joined: do not sleep on
  std::thread thread_;
};

}  // namespace windlass::web
