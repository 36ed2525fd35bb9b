// Loop: the one thread of a server that owns its listener and connections.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <thread>
#include <unordered_map>
#include <vector>

#include "base/mutex.hpp"
#include "http/server.hpp"
#include "http/workers.hpp"
#include "net/reactor.hpp"

namespace windlass::http {

class Connection;

// What other threads ask the loop to do. Thread-safe; outlives the loop, which it then drops everything for.
class Mailbox {
 public:
  explicit Mailbox(net::Reactor& reactor) : reactor_(&reactor) {}

  void post(std::function<void()> job);
  std::vector<std::function<void()>> take();
  void close();

 private:
  base::Mutex mu_;
  net::Reactor* reactor_ WINDLASS_GUARDED_BY(mu_);
  std::vector<std::function<void()>> jobs_ WINDLASS_GUARDED_BY(mu_);
};

// What the reactor's tags point to.
struct Event {
  std::function<void()> come;
};

// Confined to its thread, but for post(), stop() and connections().
class Loop {
 public:
  Loop(const ServerConfig& config, const Handler& handler, Workers& workers, base::Clock& clock, net::Fd listener);
  ~Loop();

  // Closes the listener, ends what is idle, and waits for the rest, and for the thread.
  void stop();
  std::size_t connections() const { return count_.load(); }

  // For connections.
  const ServerConfig& config() const { return config_; }
  net::Reactor& reactor() { return reactor_; }
  Duration now() const { return clock_.steady(); }
  std::string date() const;
  const std::shared_ptr<Mailbox>& mailbox() const { return mailbox_; }
  bool stopping() const { return stopping_; }
  // Hands the request to a worker, who calls Connection::respond by the mailbox. False: too many wait already.
  bool serve(std::uint64_t connection, Request request);
  void close(std::uint64_t connection);
  Connection* find(std::uint64_t connection);

 private:
  void run();
  void accept();
  void listen_again();
  void begin_stop();
  void end();

  const ServerConfig& config_;
  const Handler& handler_;
  Workers& workers_;
  base::Clock& clock_;
  net::Reactor reactor_;
  std::shared_ptr<Mailbox> mailbox_;
  net::Fd listener_;
  Event accept_event_, retry_event_, stop_event_;
  std::unordered_map<std::uint64_t, std::unique_ptr<Connection>> connections_;
  std::vector<std::unique_ptr<Connection>> closed_;  // until no event of this round can mean them
  std::uint64_t next_id_ = 1;
  bool stopping_ = false;
  bool over_ = false;
  std::atomic<std::size_t> count_ = 0;
  std::thread thread_;
};

}  // namespace windlass::http
