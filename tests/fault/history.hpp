// What clients and handlers of a fault run saw, each in a file of its own that is no part of the system under test.
//
// A line an event: KIND TIME ID DETAIL, written by one write(2), so a process that is killed leaves whole lines. TIME is the monotonic clock
// of the machine in ns, which all processes share and nobody steps.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace windlass::fault {

enum class EventKind : char {
  kIntent = 'i',   // a client is about to enqueue. Detail: what kind of task, when due, when it expires (0: never), its unique key (-: none), until when
                   // that is locked for sure
  kAcked = 'a',    // its call said that the task is stored
  kRefused = 'r',  // … that it is not
  kUnknown = 'u',  // … that nobody knows
  kStart = 's',    // a handler began. Detail: server; for a tick also its nominal time in s
  kDone = 'd',     // it succeeded. Detail: server
  kFailed = 'f',   // it failed, as the task wants. Detail: server
};

struct Event {
  EventKind kind;
  std::int64_t at = 0;
  std::string id;
  std::vector<std::string> detail;
};

std::int64_t monotonic_ns();

// Thread-safe.
class HistoryWriter {
 public:
  // Appends to the file. Throws std::runtime_error if it cannot be opened.
  explicit HistoryWriter(const std::string& path);
  ~HistoryWriter();
  HistoryWriter(const HistoryWriter&) = delete;
  HistoryWriter& operator=(const HistoryWriter&) = delete;

  void write(EventKind kind, std::string_view id, std::string_view detail = {});

 private:
  int fd_;
};

// All events of the files in `folder` whose names end in ".history", by time. Throws std::runtime_error at a line that is none.
std::vector<Event> read_histories(const std::string& folder);

}  // namespace windlass::fault
