// Logging: where the library writes, and the lines of handlers.
//
// Every line logged on a thread that runs a handler carries the task's id, queue and type by itself, however deep in the call
// it is written:
//
//   void resize(const Image& image) { windlass::log_info("resized", {{"width", "640"}}); }   // ... task=018f... queue=default
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <windlass/time.hpp>

namespace windlass {

// Ordered: what is under the level of the process is not logged. kOff is for set_log_level only.
enum class LogLevel : std::uint8_t { kDebug = 0, kInfo = 1, kWarn = 2, kError = 3, kOff = 4 };

// "debug", "info", "warn", "error", "off"; also read in any case, and "warning".
std::string_view log_level_name(LogLevel level);
std::optional<LogLevel> find_log_level(std::string_view name);

// One key and its value; both any text.
struct LogField {
  std::string key;
  std::string value;
};

// One line, before it is formatted. Valid only during LogSink::write.
struct LogRecord {
  TimePoint time;
  LogLevel level = LogLevel::kInfo;
  std::string_view message;
  // Of the task whose handler writes: task, queue, type, attempt, and trace if it has one; empty outside handlers. Fields of the call follow.
  const std::vector<LogField>* context = nullptr;
  const std::vector<LogField>* fields = nullptr;
};

// Takes records. Must be thread-safe; must not throw.
class LogSink {
 public:
  virtual ~LogSink() = default;
  // Writes one record. It may be called by many threads at once, and holds up the one that logs.
  virtual void write(const LogRecord& record) = 0;
};

// `key=value` behind the message, or one JSON object a line.
enum class LogFormat : std::uint8_t { kText, kJson };

// Writes lines to a file descriptor, which stays the caller's. Default sink of the process: text on standard error.
std::shared_ptr<LogSink> make_stream_sink(int fd, LogFormat format);

// Replaces the sink of the process, for all that is logged from now on. Thread-safe. nullptr = nowhere.
void set_log_sink(std::shared_ptr<LogSink> sink);
// Default: kInfo. Thread-safe.
void set_log_level(LogLevel level);
// Whether a line of this level would be written. Thread-safe.
bool log_enabled(LogLevel level);

// Logs one line with the context of the calling thread. Thread-safe. Where the fields cost much to make, ask log_enabled first.
void log(LogLevel level, std::string_view message, std::vector<LogField> fields = {});
inline void log_debug(std::string_view message, std::vector<LogField> fields = {}) { log(LogLevel::kDebug, message, std::move(fields)); }
inline void log_info(std::string_view message, std::vector<LogField> fields = {}) { log(LogLevel::kInfo, message, std::move(fields)); }
inline void log_warn(std::string_view message, std::vector<LogField> fields = {}) { log(LogLevel::kWarn, message, std::move(fields)); }
inline void log_error(std::string_view message, std::vector<LogField> fields = {}) { log(LogLevel::kError, message, std::move(fields)); }

// Adds fields to every line that this thread logs during its life; scopes nest. The runtime opens one around each handler; a
// handler that hands work to threads of its own passes the fields on with log_context().
class LogScope {
 public:
  // Opens a scope; its end, by the destructor, must be on the same thread (in a coroutine handler: in the same run).
  explicit LogScope(std::vector<LogField> fields);
  LogScope(std::initializer_list<LogField> fields) : LogScope(std::vector<LogField>(fields)) {}
  ~LogScope();
  LogScope(const LogScope&) = delete;
  LogScope& operator=(const LogScope&) = delete;

 private:
  std::size_t outer_size_;
};
// The fields of the scopes that are open on this thread.
std::vector<LogField> log_context();

}  // namespace windlass
