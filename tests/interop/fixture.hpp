// What the interop tests have in common: one Redis, and programs of two languages that work on it.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "exec/spawn.hpp"
#include "support/redis_server.hpp"

namespace windlass::interop {

using nlohmann::json;

// Which of the two peers (README.md).
enum class Language { kGo, kCpp };
const char* language_name(Language language);
inline void PrintTo(Language language, std::ostream* out) { *out << language_name(language); }

// Empty if the Go peer was built; else why not.
std::string why_no_go();

std::string hex(std::string_view bytes);
std::string unhex(std::string_view text);
std::int64_t unix_now();

// A peer that runs: a server or a scheduler. Killed at the end if it still runs. Confined to one thread.
class Running {
 public:
  explicit Running(const std::vector<std::string>& argv);
  ~Running();
  Running(const Running&) = delete;
  Running& operator=(const Running&) = delete;

  // Waits until it has said so many events of this name. Throws if it ends before, or after a minute.
  void wait_for(const std::string& event, std::size_t times = 1);
  // What it has said so far, of one name.
  std::vector<json> events(const std::string& name) const;
  void signal(int number) const;
  // SIGTERM; returns when it has ended, and fails the test if not well.
  void stop();
  // kill -9
  void kill();

 private:
  void read_all();
  int wait();

  exec::Child child_;
  mutable std::mutex mu_;  // guards all below
  mutable std::condition_variable changed_;
  std::vector<json> events_;
  bool ended_ = false;
  std::thread reader_;
};

class Interop : public ::testing::Test {
 protected:
  void SetUp() override;

  // Prints why, and ends the test, where the Go peer is needed and missing. Called with all languages of a test.
  static bool can_use(std::initializer_list<Language> languages);

  // Each answer of the peer, in order. Fails the test if it does not end well.
  std::vector<json> enqueue(Language language, const std::vector<json>& tasks) {
    return ask(language, "enqueue", tasks);
  }
  json enqueue_one(Language language, const json& task);
  // Enqueues, and fails the test if one was refused.
  void must_enqueue(Language language, const std::vector<json>& tasks);
  json inspect(Language language, const json& request);
  // Both inspectors must say the same (without Go: that of C++); lists are sorted.
  json inspect_both(const json& request);

  // Returns when it serves.
  std::unique_ptr<Running> serve(Language language, const json& config = json::object());
  std::unique_ptr<Running> schedule(Language language, const json& config);

  // Runs one server until nothing is pending or active, and returns its run events.
  std::vector<json> serve_until_idle(Language language, const json& config = json::object());

  // Other processes give no signal to wait for. Throws when it was in vain.
  void wait_until(const std::function<bool()>& condition, const std::string& what,
                  std::chrono::seconds at_most = std::chrono::seconds(60));
  std::string redis(const std::vector<std::string>& command) const { return redis_->run_text(command); }
  // The number that a command answers.
  std::int64_t count(const std::vector<std::string>& command) const;

  testing::RedisServer& server() { return *redis_; }

 private:
  std::vector<json> ask(Language language, const std::string& command, const std::vector<json>& lines);
  std::vector<std::string> argv(Language language, const std::string& command) const;

  std::unique_ptr<testing::RedisServer> redis_;
};

}  // namespace windlass::interop
