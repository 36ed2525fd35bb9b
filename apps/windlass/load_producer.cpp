#include "load_producer.hpp"

#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <thread>
#include <utility>

namespace windlass::app {
namespace {

using namespace std::chrono_literals;
using Steady = std::chrono::steady_clock;

constexpr const char* kDone = "done";

// A packet; empty when the other side is gone.
std::string receive(int line) {
  std::array<char, 4096> text;
  const ssize_t n = recv(line, text.data(), text.size(), 0);
  return n > 0 ? std::string(text.data(), static_cast<std::size_t>(n)) : std::string();
}

bool send_text(int line, const std::string& text) {
  return send(line, text.data(), text.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(text.size());
}

// What the other process does: for each "<count> <queue>" it trickles, and answers with kDone or what went wrong.
void serve(int line, const Producer::Open& open) {
  Result<BrokerPtr> broker = Error(ErrorCode::kInternal, "not opened yet");
  for (std::string order = receive(line); !order.empty(); order = receive(line)) {
    if (!broker) broker = open();
    Status done = broker ? Status() : Status(broker.error());
    if (done) {
      Client client(*broker);
      const std::size_t space = order.find(' ');
      done = trickle(client, order.substr(space + 1), std::stoi(order.substr(0, space)));
    }
    if (!send_text(line, done ? kDone : done.error().message())) return;
  }
}

Error os_error(std::string_view what) {
  return Error(ErrorCode::kResourceExhausted, "cannot " + std::string(what) + ": " + std::strerror(errno));
}

}  // namespace

Status trickle(Client& client, const std::string& queue, int count) {
  auto next = Steady::now();
  for (int i = 0; i < count; ++i, next += 10ms) {
    std::this_thread::sleep_until(next);
    const std::string now = std::to_string(Steady::now().time_since_epoch().count());
    const Result<TaskInfo> r = client.enqueue(Task("bench", now), EnqueueOptions().queue(queue));
    if (!r) return r.error();
  }
  return {};
}

Result<Producer> Producer::start(const Open& open) {
  int ends[2];
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0) return os_error("make a socket pair");
  exec::Fd ours(ends[0]);
  exec::Fd theirs(ends[1]);
  const pid_t pid = fork();
  if (pid < 0) return os_error("fork");
  if (pid == 0) {
    ours.reset();  // else it would never see that this process is gone
    serve(theirs.get(), open);
    _exit(0);
  }
  return Producer(std::move(ours), pid);
}

Producer::Producer(Producer&& other) noexcept : line_(std::move(other.line_)), pid_(std::exchange(other.pid_, -1)) {}

Producer::~Producer() {
  line_.reset();
  if (pid_ > 0) waitpid(pid_, nullptr, 0);
}

Status Producer::trickle(const std::string& queue, int count) {
  if (!send_text(line_.get(), std::to_string(count) + " " + queue)) return os_error("tell the second process to begin");
  const std::string answer = receive(line_.get());
  if (answer == kDone) return {};
  return Error(ErrorCode::kUnavailable, "the second process: " + (answer.empty() ? "it is gone" : answer));
}

}  // namespace windlass::app
