#include "http/event_stream.hpp"

#include <algorithm>
#include <utility>

namespace windlass::http {

std::string format_event(std::string_view name, std::string_view data) {
  std::string out = "event: ";
  out += name;
  for (;;) {
    const std::string_view line = data.substr(0, data.find('\n'));
    out += "\ndata: ";
    out += line;
    if (line.size() == data.size()) break;
    data.remove_prefix(line.size() + 1);
  }
  return out + "\n\n";
}

bool EventStream::send(SharedBytes bytes) {
  base::Lock lock(mu_);
  if (closed_) return false;
  backlog_ += bytes->size();
  closed_ = backlog_ > kBacklogMax;
  if (closed_) waiting_.clear();
  else waiting_.push_back(std::move(bytes));
  if (ready_) ready_();
  return !closed_;
}

void EventStream::close() {
  base::Lock lock(mu_);
  closed_ = true;
  if (ready_) ready_();
}

bool EventStream::open() const {
  base::Lock lock(mu_);
  return !closed_;
}

std::size_t EventStream::backlog() const {
  base::Lock lock(mu_);
  return backlog_;
}

std::deque<SharedBytes> EventStream::take() {
  base::Lock lock(mu_);
  return std::exchange(waiting_, {});
}

void EventStream::sent(std::size_t bytes) {
  base::Lock lock(mu_);
  backlog_ -= std::min(bytes, backlog_);
}

void EventStream::abandon() {
  base::Lock lock(mu_);
  closed_ = true;
  waiting_.clear();
  ready_ = nullptr;
}

bool EventStream::ended() const {
  base::Lock lock(mu_);
  return closed_ && waiting_.empty();
}

}  // namespace windlass::http
