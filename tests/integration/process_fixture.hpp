// A server on the memory broker whose handlers run in child processes: the misbehaving ones of process_handlers.hpp.
#pragma once

#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <windlass/client.hpp>
#include <windlass/inspector.hpp>
#include <windlass/log.hpp>
#include <windlass/server.hpp>

#include "process_handlers.hpp"
#include "support/child_process.hpp"
#include "support/eventually.hpp"
#include "support/get.hpp"

namespace windlass::testing {

using namespace std::chrono_literals;
using ::testing::AllOf;
using ::testing::Contains;
using ::testing::HasSubstr;

#if defined(__SANITIZE_ADDRESS__)
inline constexpr bool kAddressSanitizer = true;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
inline constexpr bool kAddressSanitizer = true;
#else
inline constexpr bool kAddressSanitizer = false;
#endif
#else
inline constexpr bool kAddressSanitizer = false;
#endif

// False once it is gone; one that is dead and not reaped counts as gone.
inline bool process_lives(pid_t pid) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/stat");
  std::string text;
  if (!std::getline(file, text)) return false;
  const auto state = text.rfind(") ");
  return state != text.npos && text[state + 2] != 'Z' && text[state + 2] != 'X';
}

class KeepLines final : public LogSink {
 public:
  void write(const LogRecord& record) override {
    std::string line(record.message);
    for (const std::vector<LogField>* fields : {record.context, record.fields}) {
      if (fields == nullptr) continue;
      for (const LogField& field : *fields) line += " " + field.key + "=" + field.value;
    }
    std::lock_guard lock(mu_);
    lines_.push_back(std::move(line));
  }
  bool hold(const std::string& part) const {
    const std::vector<std::string> all = lines();
    return std::any_of(all.begin(), all.end(), [&](const std::string& line) { return line.find(part) != line.npos; });
  }
  std::vector<std::string> lines() const {
    std::lock_guard lock(mu_);
    return lines_;
  }

 private:
  mutable std::mutex mu_;
  std::vector<std::string> lines_;
};

// What the handler of a task wrote into this file once it ran: usually a process id.
inline std::string marked(const std::string& path) {
  EXPECT_TRUE(eventually([&] { return ::access(path.c_str(), F_OK) == 0; })) << path;
  std::ifstream file(path);
  std::string text;
  std::getline(file, text);
  return text;
}

class ProcessTest : public ::testing::Test {
 protected:
  ProcessTest() {
    set_log_level(LogLevel::kWarn);
    config.concurrency = 1;
    config.isolation = {.isolation = Isolation::kProcess, .grace = 200ms};
    config.retry_delay = [](int, const Failure&, const Context&) { return Duration::zero(); };
  }
  ~ProcessTest() override {
    if (server) server->stop();
    set_log_sink(make_stream_sink(2, LogFormat::kText));
    set_log_level(LogLevel::kInfo);
  }

  void start() {
    server = std::make_unique<Server>(broker, config);
    get(server->start(misbehaving_mux()));
  }

  // Not retried, kept when it is done.
  static EnqueueOptions once() { return EnqueueOptions().max_retry(0).retention(1h); }

  std::string enqueue(const std::string& type, const std::string& payload = {},
                      const EnqueueOptions& options = once()) {
    return get(Client(broker).enqueue(Task(type, payload), options)).id;
  }
  TaskInfo task(const std::string& id) { return get(Inspector(broker).task("default", id)); }

  // Runs one task and all that is there besides, to their end.
  TaskInfo run(const std::string& type, const std::string& payload = {}, const EnqueueOptions& options = once()) {
    if (!server) start();
    const std::string id = enqueue(type, payload, options);
    get(server->wait_until_empty());
    return task(id);
  }

  pid_t marked_pid(const std::string& path) { return std::stoi(marked(path)); }

  static std::shared_ptr<KeepLines> keep_lines() {
    auto lines = std::make_shared<KeepLines>();
    set_log_level(LogLevel::kInfo);
    set_log_sink(lines);
    return lines;
  }

  TempDir dir;
  BrokerPtr broker = get(open_broker("memory:"));
  ServerConfig config;
  std::unique_ptr<Server> server;
};

}  // namespace windlass::testing
