// The process-wide part of windlass/log.hpp and the sink that writes to a file descriptor. How a line looks:
// log_line.cpp.
#include <windlass/log.hpp>

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cctype>
#include <cerrno>
#include <exception>
#include <iterator>

#include "base/clock.hpp"
#include "base/log_context.hpp"
#include "base/log_line.hpp"
#include "base/mutex.hpp"

namespace windlass {
namespace {

constexpr std::array<std::string_view, 5> kLevelNames = {"debug", "info", "warn", "error", "off"};

// Writes all of `bytes`, in one write(2) unless the kernel takes less. What cannot be written is dropped: there is
// nobody left to tell.
void write_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t n = ::write(fd, bytes.data(), bytes.size());
    if (n > 0) {
      bytes.remove_prefix(static_cast<std::size_t>(n));
    } else if (n == 0) {
      return;
    } else if (errno == EAGAIN) {
      // Somebody who shares the descriptor made it non-blocking.
      pollfd writable{.fd = fd, .events = POLLOUT, .revents = 0};
      ::poll(&writable, 1, -1);
    } else if (errno != EINTR) {
      return;
    }
  }
}

// Thread-safe.
class StreamSink final : public LogSink {
 public:
  StreamSink(int fd, LogFormat format) : fd_(fd), format_(format) {}

  void write(const LogRecord& record) override {
    try {
      std::string line = format_ == LogFormat::kJson ? base::format_log_json(record) : base::format_log_text(record);
      line += '\n';
      // Keeps a line whole that the kernel takes in parts.
      base::Lock lock(mu_);
      write_all(fd_, line);
    } catch (const std::exception&) {
      // No memory for the line. A log must not fail the work it tells of.
    }
  }

 private:
  const int fd_;
  const LogFormat format_;
  base::Mutex mu_;
};

// The sink of the process. Thread-safe.
//
// A mutex, not std::atomic<std::shared_ptr>: in libstdc++ 12 the latter's load() releases its inner lock with relaxed
// order, a data race with the next store() that ThreadSanitizer reports. It is a spin lock there, so no dearer than
// this.
class SinkSlot {
 public:
  void store(std::shared_ptr<LogSink> sink) {
    base::Lock lock(mu_);
    sink_.swap(sink);
  }
  std::shared_ptr<LogSink> load() {
    base::Lock lock(mu_);
    return sink_;
  }

 private:
  base::Mutex mu_;
  std::shared_ptr<LogSink> sink_ WINDLASS_GUARDED_BY(mu_) = make_stream_sink(STDERR_FILENO, LogFormat::kText);
};

// Never destroyed: threads and static destructors may log until the very end.
SinkSlot& sink_slot() {
  static SinkSlot* const slot = new SinkSlot;
  return *slot;
}

std::atomic<LogLevel> lowest_level{LogLevel::kInfo};

// The fields of the scopes open on this thread, outermost first.
thread_local std::vector<LogField> open_fields;

}  // namespace

std::string_view log_level_name(LogLevel level) { return kLevelNames.at(static_cast<std::size_t>(level)); }

std::optional<LogLevel> find_log_level(std::string_view name) {
  std::string lower(name);
  for (char& c : lower) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  if (lower == "warning") return LogLevel::kWarn;
  const auto* const found = std::find(kLevelNames.begin(), kLevelNames.end(), lower);
  if (found == kLevelNames.end()) return std::nullopt;
  return static_cast<LogLevel>(found - kLevelNames.begin());
}

std::shared_ptr<LogSink> make_stream_sink(int fd, LogFormat format) { return std::make_shared<StreamSink>(fd, format); }

void set_log_sink(std::shared_ptr<LogSink> sink) { sink_slot().store(std::move(sink)); }

void set_log_level(LogLevel level) { lowest_level.store(level, std::memory_order_relaxed); }

bool log_enabled(LogLevel level) {
  return level != LogLevel::kOff && level >= lowest_level.load(std::memory_order_relaxed);
}

void log(LogLevel level, std::string_view message, std::vector<LogField> fields) {
  if (!log_enabled(level)) return;
  const std::shared_ptr<LogSink> sink = sink_slot().load();
  if (sink == nullptr) return;
  sink->write({.time = base::real_clock().now(),
               .level = level,
               .message = message,
               .context = &open_fields,
               .fields = &fields});
}

LogScope::LogScope(std::vector<LogField> fields) : outer_size_(open_fields.size()) {
  std::move(fields.begin(), fields.end(), std::back_inserter(open_fields));
}

LogScope::~LogScope() {
  open_fields.erase(open_fields.begin() + static_cast<std::ptrdiff_t>(outer_size_), open_fields.end());
}

std::vector<LogField> log_context() { return open_fields; }

void base::swap_log_context(std::vector<LogField>& fields) { open_fields.swap(fields); }

}  // namespace windlass
