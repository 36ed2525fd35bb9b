#include "fault/history.hpp"

#include <fcntl.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <stdexcept>

namespace windlass::fault {

std::int64_t monotonic_ns() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * std::int64_t{1'000'000'000} + now.tv_nsec;
}

HistoryWriter::HistoryWriter(const std::string& path)
    : fd_(::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600)) {
  if (fd_ < 0) throw std::runtime_error("cannot write " + path);
}

HistoryWriter::~HistoryWriter() { ::close(fd_); }

void HistoryWriter::write(EventKind kind, std::string_view id, std::string_view detail) {
  std::string line(1, static_cast<char>(kind));
  line += ' ';
  line += std::to_string(monotonic_ns());
  line += ' ';
  line += id;
  if (!detail.empty()) line += ' ';
  line += detail;
  line += '\n';
  // A history with holes would accuse the innocent.
  if (::write(fd_, line.data(), line.size()) != static_cast<ssize_t>(line.size())) std::abort();
}

std::vector<Event> read_histories(const std::string& folder) {
  std::vector<Event> events;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().extension() != ".history") continue;
    std::ifstream file(entry.path());
    for (std::string line; std::getline(file, line);) {
      std::istringstream words(line);
      Event event{};
      std::string kind;
      if (!(words >> kind >> event.at >> event.id) || kind.size() != 1 || std::string_view("iarusdf").find(kind) == std::string_view::npos) {
        throw std::runtime_error(entry.path().string() + ": no event: " + line);
      }
      event.kind = static_cast<EventKind>(kind[0]);
      for (std::string word; words >> word;) event.detail.push_back(word);
      events.push_back(std::move(event));
    }
  }
  std::ranges::sort(events, {}, &Event::at);
  return events;
}

}  // namespace windlass::fault
