// RunningProgram: a program that a test starts, listens to and ends.
#pragma once

#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <stdexcept>
#include <string>
#include <vector>

#include "exec/spawn.hpp"

namespace windlass::testing {

// Confined to one thread. Killed at the end if it still runs.
class RunningProgram {
 public:
  explicit RunningProgram(const std::vector<std::string>& argv) {
    auto child = exec::spawn_child(argv, exec::environment_with({}));
    if (!child) throw std::runtime_error(child.error().message());
    child_ = *std::move(child);
    child_.input.reset();
  }
  ~RunningProgram() {
    if (child_.pid <= 0) return;
    ::kill(child_.pid, SIGKILL);
    wait();
  }

  void signal(int number) const { ::kill(child_.pid, number); }
  // SIGTERM, then as wait().
  int end() {
    signal(SIGTERM);
    return wait();
  }
  // Exit code, or 128 + signal.
  int wait() {
    int status = 0;
    while (read_some(std::chrono::seconds(60))) {}
    ::waitpid(child_.pid, &status, 0);
    child_.pid = -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  }

  // Reads on until the output holds `text` so many times. False if it ends, or nothing comes for a minute.
  bool wait_for(const std::string& text, int times = 1) {
    while (count(out_, text) < times) {
      if (!read_some(std::chrono::seconds(60))) return false;
    }
    return true;
  }
  bool wait_for_error(const std::string& text) {
    while (count(err_, text) < 1) {
      if (!read_some(std::chrono::seconds(60))) return false;
    }
    return true;
  }

  // Reads on until more comes on standard error than these lines. As wait_for().
  bool wait_for_more_errors(int lines) {
    while (count(err_, "\n") <= lines) {
      if (!read_some(std::chrono::seconds(60))) return false;
    }
    return true;
  }

  const std::string& out() const { return out_; }
  const std::string& err() const { return err_; }

  static int count(const std::string& text, const std::string& part) {
    int n = 0;
    for (std::size_t at = 0; (at = text.find(part, at)) != std::string::npos; at += part.size()) ++n;
    return n;
  }

 private:
  // False when both outputs have ended, or nothing came in time.
  bool read_some(std::chrono::milliseconds timeout) {
    pollfd ready[2] = {{child_.output.get(), POLLIN, 0}, {child_.error.get(), POLLIN, 0}};
    if (!child_.output.open() && !child_.error.open()) return false;
    if (::poll(ready, 2, static_cast<int>(timeout.count())) <= 0) return false;
    if (ready[0].revents != 0) take(child_.output, out_);
    if (ready[1].revents != 0) take(child_.error, err_);
    return true;
  }
  static void take(exec::Fd& from, std::string& into) {
    char buffer[4096];
    const ssize_t n = ::read(from.get(), buffer, sizeof buffer);
    if (n > 0) {
      into.append(buffer, static_cast<std::size_t>(n));
    } else if (n == 0 || errno != EAGAIN) {
      from.reset();
    }
  }

  exec::Child child_;
  std::string out_, err_;
};

}  // namespace windlass::testing
