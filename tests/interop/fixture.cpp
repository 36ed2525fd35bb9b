#include "interop/fixture.hpp"

#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <sstream>
#include <thread>

#include "exec/command.hpp"

namespace windlass::interop {

namespace {

std::string program(Language language) { return language == Language::kGo ? WINDLASS_GO_PEER : WINDLASS_CPP_PEER; }

// In no particular order: lists. In the words of each: texts of errors.
json comparable(json answer) {
  if (answer.is_object()) answer.erase("message");
  if (answer.is_array()) std::sort(answer.begin(), answer.end());
  return answer;
}

}  // namespace

const char* language_name(Language language) { return language == Language::kGo ? "Go" : "Cpp"; }

std::string why_no_go() {
  if (std::filesystem::exists(WINDLASS_GO_PEER)) return "";
  std::ifstream log(WINDLASS_GO_PEER ".log");
  std::string reason{std::istreambuf_iterator<char>(log), {}};
  return "the Go peer was not built: " + (reason.empty() ? "no Go" : reason);
}

std::string hex(std::string_view bytes) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  for (const unsigned char c : bytes) text += {kDigits[c >> 4], kDigits[c & 15]};
  return text;
}

std::string unhex(std::string_view text) {
  std::string bytes;
  for (std::size_t i = 0; i + 1 < text.size(); i += 2) {
    bytes += static_cast<char>(std::stoi(std::string(text.substr(i, 2)), nullptr, 16));
  }
  return bytes;
}

std::int64_t unix_now() {
  return std::chrono::duration_cast<std::chrono::seconds>(std::chrono::system_clock::now().time_since_epoch()).count();
}

// -- Running

Running::Running(const std::vector<std::string>& argv) {
  Result<exec::Child> child = exec::spawn_child(argv, exec::environment_with({}));
  if (!child) throw std::runtime_error(child.error().message());
  child_ = *std::move(child);
  child_.input.reset();
  reader_ = std::thread([this] { read_all(); });
}

Running::~Running() {
  if (child_.pid > 0) kill();
}

// Errors go where those of the test go.
void Running::read_all() {
  std::string line;
  pollfd pipes[2] = {{child_.output.get(), POLLIN, 0}, {child_.error.get(), POLLIN, 0}};
  while (pipes[0].fd >= 0 || pipes[1].fd >= 0) {
    ::poll(pipes, 2, -1);
    for (pollfd& pipe : pipes) {
      if (pipe.revents == 0) continue;
      char buffer[65536];
      const ssize_t n = ::read(pipe.fd, buffer, sizeof buffer);
      if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR)) pipe.fd = -1;
      if (n <= 0) continue;
      if (&pipe == &pipes[1]) {
        std::cerr.write(buffer, n);
        continue;
      }
      for (const char c : std::string_view(buffer, static_cast<std::size_t>(n))) {
        if (c != '\n') {
          line += c;
          continue;
        }
        const std::lock_guard lock(mu_);
        events_.push_back(json::parse(line));
        changed_.notify_all();
        line.clear();
      }
    }
  }
  const std::lock_guard lock(mu_);
  ended_ = true;
  changed_.notify_all();
}

void Running::wait_for(const std::string& event, std::size_t times) {
  const auto heard = [&] {
    const auto is_it = [&](const json& e) { return e.value("event", "") == event; };
    return static_cast<std::size_t>(std::count_if(events_.begin(), events_.end(), is_it)) >= times;
  };
  std::unique_lock lock(mu_);
  changed_.wait_for(lock, std::chrono::minutes(1), [&] { return heard() || ended_; });
  if (!heard()) throw std::runtime_error("a peer did not say '" + event + "' so often");
}

std::vector<json> Running::events(const std::string& name) const {
  const std::lock_guard lock(mu_);
  std::vector<json> found;
  for (const json& event : events_) {
    if (event.value("event", "") == name) found.push_back(event);
  }
  return found;
}

void Running::signal(int number) const { ::kill(child_.pid, number); }

int Running::wait() {
  int status = 0;
  ::waitpid(child_.pid, &status, 0);
  child_.pid = -1;
  reader_.join();
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

void Running::stop() {
  signal(SIGTERM);
  EXPECT_EQ(wait(), 0);
}

void Running::kill() {
  signal(SIGKILL);
  wait();
}

// -- Interop

void Interop::SetUp() {
  if (!testing::redis_is_installed()) GTEST_SKIP() << testing::kNoRedis;
  redis_ = std::make_unique<testing::RedisServer>();
}

bool Interop::can_use(std::initializer_list<Language> languages) {
  const bool all =
      why_no_go().empty() || std::find(languages.begin(), languages.end(), Language::kGo) == languages.end();
  if (!all) [] { GTEST_SKIP() << why_no_go(); }();
  return all;
}

std::vector<std::string> Interop::argv(Language language, const std::string& command) const {
  return {program(language), command, redis_->socket_path()};
}

std::vector<json> Interop::ask(Language language, const std::string& command, const std::vector<json>& lines) {
  exec::CommandSpec spec;
  spec.argv = argv(language, command);
  std::string input;
  for (const json& line : lines) input += line.dump() + "\n";
  spec.input = input;
  spec.output_max = 256 << 20;
  spec.error_tail_max = 1 << 16;
  const exec::CommandResult result = exec::run_command(spec, {});
  if (result.end != exec::CommandResult::End::kExited || result.exit_code != 0) {
    throw std::runtime_error(language_name(language) + (" " + command) + ": " + result.error_tail + result.error);
  }
  std::vector<json> answers;
  std::istringstream out(result.output);
  for (std::string line; std::getline(out, line);) answers.push_back(json::parse(line));
  if (answers.size() != lines.size()) throw std::runtime_error("a peer did not answer all");
  return answers;
}

json Interop::enqueue_one(Language language, const json& task) { return enqueue(language, {task})[0]; }

void Interop::must_enqueue(Language language, const std::vector<json>& tasks) {
  for (const json& answer : enqueue(language, tasks)) EXPECT_FALSE(answer.contains("error")) << answer;
}

json Interop::inspect(Language language, const json& request) { return ask(language, "inspect", {request})[0]; }

json Interop::inspect_both(const json& request) {
  const json cpp = comparable(inspect(Language::kCpp, request));
  if (!why_no_go().empty()) return cpp;
  const json go = comparable(inspect(Language::kGo, request));
  EXPECT_EQ(go, cpp) << "Go and C++ see different things: " << json::diff(go, cpp).dump(1);
  return cpp;
}

std::unique_ptr<Running> Interop::serve(Language language, const json& config) {
  std::vector<std::string> command = argv(language, "serve");
  command.push_back(config.dump());
  auto running = std::make_unique<Running>(command);
  running->wait_for("ready");
  return running;
}

std::unique_ptr<Running> Interop::schedule(Language language, const json& config) {
  std::vector<std::string> command = argv(language, "schedule");
  command.push_back(config.dump());
  auto running = std::make_unique<Running>(command);
  running->wait_for("ready");
  return running;
}

std::vector<json> Interop::serve_until_idle(Language language, const json& config) {
  const auto running = serve(language, config);
  const std::map<std::string, int> queues = config.value("queues", std::map<std::string, int>{{"default", 1}});
  wait_until(
      [&] {
        for (const auto& [queue, weight] : queues) {
          const std::string prefix = "asynq:{" + queue + "}:";
          if (count({"LLEN", prefix + "pending"}) + count({"LLEN", prefix + "active"}) > 0) return false;
        }
        return true;
      },
      "idle queues");
  running->stop();
  return running->events("run");
}

void Interop::wait_until(const std::function<bool()>& condition, const std::string& what,
                         std::chrono::seconds at_most) {
  const auto until = std::chrono::steady_clock::now() + at_most;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > until) throw std::runtime_error("waited in vain for " + what);
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
}

std::int64_t Interop::count(const std::vector<std::string>& command) const {
  return redis_->run(command)[0].integer().value_or(0);
}

}  // namespace windlass::interop
