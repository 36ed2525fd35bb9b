// Real beanstalkd servers for tests: each on a free port of the loopback, with or without a binlog, ended by its
// process id.
#pragma once

#include <cstdint>
#include <string>

#include <windlass/dq.hpp>

#include "beanstalk/connection.hpp"
#include "support/child_process.hpp"
#include "support/port.hpp"

namespace windlass::testing {

// False: tests that need one are to be skipped, with this reason.
bool beanstalkd_is_installed();
inline constexpr const char* kNoBeanstalkd = "beanstalkd is not installed";

// Confined to one thread.
class Beanstalkd {
 public:
  enum class Binlog { kNo, kYes };

  // Returns when it answers. Throws std::runtime_error with its log otherwise.
  explicit Beanstalkd(Binlog binlog = Binlog::kNo);

  std::uint16_t port() const { return port_.number(); }
  std::string endpoint() const { return port_.address(); }
  dq::Node node(const std::string& tube = "mail") const { return dq::Node(endpoint(), tube); }

  void kill() { process_.end(9); }
  void start();  // again, on the same port, with what the binlog has
  void freeze() const { process_.signal(19 /* SIGSTOP */); }
  void thaw() const { process_.signal(18 /* SIGCONT */); }
  void drain() const { process_.signal(10 /* SIGUSR1 */); }

  // On a fresh connection. Throws if there is no answer.
  beanstalk::Answers run(const beanstalk::Commands& commands) const;
  // Jobs of the tube in all states: "current-jobs-ready" and the like, or the sum for "".
  std::uint64_t jobs(const std::string& state = "", const std::string& tube = "mail") const;

 private:
  TempDir dir_;
  const Binlog binlog_;
  const Port port_;
  ChildProcess process_;
};

}  // namespace windlass::testing
