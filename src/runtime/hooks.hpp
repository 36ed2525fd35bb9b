// Hooks: the user's functions of a ServerConfig, called so that nothing they do can end the process. One that throws is
// logged, and the default stands in for its answer.
#pragma once

#include <functional>
#include <string>

#include <windlass/server.hpp>

#include "base/random.hpp"
#include "runtime/decision.hpp"

namespace windlass::runtime {

// Thread-safe, as far as the user's functions are.
class Hooks {
 public:
  explicit Hooks(const ServerConfig& config);

  Charge charge(const Failure& failure, const Context& task, base::Random& random) const;
  void on_error(const Context& task, const Outcome& outcome) const;
  void on_health_check(const Status& status) const;
  // Nothing if the user's function threw; logged.
  std::optional<Task> aggregate(const std::string& group, const std::vector<Task>& tasks) const;

 private:
  bool is_failure(const Failure& failure) const;
  Duration retry_delay(const Failure& failure, const Context& task, base::Random& random) const;

  const decltype(ServerConfig::retry_delay) retry_delay_;
  const decltype(ServerConfig::is_failure) is_failure_;
  const decltype(ServerConfig::on_error) on_error_;
  const decltype(ServerConfig::on_health_check) on_health_check_;
  const Aggregator aggregator_;
};

}  // namespace windlass::runtime
