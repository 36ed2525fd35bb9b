#include "process_handlers.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <windlass/log.hpp>

namespace windlass::testing {
namespace {

using namespace std::chrono_literals;

// Writing through a pointer that the compiler knows nothing of.
void segfault() {
  volatile int* volatile nowhere = nullptr;
  *nowhere = 1;
}

// Deep enough for any stack.
int recurse(volatile char* above, int depth) {
  volatile char frame[4096];
  frame[0] = above[0];
  return depth == 0 ? 0 : recurse(frame, depth - 1) + frame[0];
}

void double_free() {
  void* volatile block = std::malloc(64);
  std::free(block);
  std::free(block);
}

void spin() {
  std::atomic<std::uint64_t> n = 0;
  for (;;) ++n;
}

[[noreturn]] void sleep_for_ever() {
  for (;;) ::pause();
}

// Tells the test that it runs: the payload names a file.
void mark(const Context& ctx, const std::string& text = std::to_string(::getpid())) {
  const std::string path = ctx.payload().bytes();
  std::ofstream(path + ".part") << text;
  std::rename((path + ".part").c_str(), path.c_str());
}

// A process in the group of the child, unless it `leaves`, that does not end by itself.
pid_t start_grandchild(bool leaves = false) {
  const pid_t pid = ::fork();
  if (pid == 0) {
    if (leaves) ::setsid();
    ::signal(SIGTERM, SIG_IGN);
    sleep_for_ever();
  }
  return pid;
}

void eat_memory() {
  std::vector<std::string> eaten;
  for (;;) eaten.emplace_back(1 << 20, 'x');
}

// As C code does it that does not look at what malloc says.
void eat_memory_and_crash() {
  for (;;) std::memset(std::malloc(1 << 20), 1, 1 << 20);
}

std::string limits_text() {
  rlimit files{}, memory{};
  ::getrlimit(RLIMIT_NOFILE, &files);
  ::getrlimit(RLIMIT_AS, &memory);
  std::array<char, 4096> folder{};
  const char* const kept = std::getenv("WINDLASS_TEST_KEPT");
  const char* const dropped = std::getenv("WINDLASS_TEST_DROPPED");
  return "files=" + std::to_string(files.rlim_cur) + " memory=" + std::to_string(memory.rlim_cur) +
         " nice=" + std::to_string(::getpriority(PRIO_PROCESS, 0)) +
         " folder=" + ::getcwd(folder.data(), folder.size()) + " kept=" + (kept ? kept : "-") +
         " dropped=" + (dropped ? dropped : "-") + " child=" + (std::getenv("WINDLASS_CHILD") ? "seen" : "-");
}

std::string context_text(const Context& ctx) {
  const auto seconds = [](TimePoint t) {
    return std::to_string(std::chrono::floor<std::chrono::seconds>(t.time_since_epoch()).count());
  };
  std::string text = ctx.task_id() + "|" + ctx.queue() + "|" + ctx.type() + "|" + ctx.payload().bytes() + "|" +
                     std::to_string(ctx.retry_count()) + "/" + std::to_string(ctx.max_retry()) + "|" +
                     seconds(ctx.deadline()) + "|" + seconds(ctx.scheduled_at());
  for (const auto& [key, value] : ctx.headers()) text += "|" + key + "=" + value;
  return text;
}

// Returns once the handler is told to stop, and says why.
Outcome wait_for_stop(Context& ctx) {
  std::mutex mu;
  std::condition_variable_any told;
  std::unique_lock lock(mu);
  mark(ctx);
  told.wait(lock, ctx.stop_token(), [] { return false; });
  return Outcome::fail("told to stop: " + std::string(stop_reason_name(ctx.stop_reason())));
}

void add_crashes(Mux& mux) {
  mux.handle("segv", [](Context&) { segfault(); });
  mux.handle("abort", [](Context&) { std::abort(); });
  mux.handle("exit", [](Context& ctx) { std::exit(std::stoi(ctx.payload().bytes())); });
  mux.handle("_exit", [](Context& ctx) { ::_exit(std::stoi(ctx.payload().bytes())); });
  mux.handle("overflow", [](Context&) {
    volatile char start = 1;
    recurse(&start, 1 << 30);
  });
  mux.handle("double-free", [](Context&) { double_free(); });
  mux.handle("kill", [](Context&) { ::kill(::getpid(), SIGKILL); });
  mux.handle("eat", [](Context&) { eat_memory(); }, {.memory_max = 512_MiB});
  mux.handle("eat-in-c", [](Context&) { eat_memory_and_crash(); }, {.memory_max = 512_MiB});
  // The process ends at about the time at which its result is on its way.
  mux.handle("ok-then-kill", [](Context& ctx) {
    ctx.write_result("kept");
    std::thread([] { ::kill(::getpid(), SIGKILL); }).detach();
  });
  mux.handle("result-then-kill", [](Context& ctx) {
    ctx.write_result("half");
    ::kill(::getpid(), SIGKILL);
  });
  mux.handle("close-standard", [](Context&) { ::close_range(0, 2, 0); });
  mux.handle("close-all", [](Context&) { ::close_range(0, ~0U, 0); });
  mux.handle("close-all-and-sleep", [](Context&) {
    ::close_range(3, ~0U, 0);
    sleep_for_ever();
  });
  mux.handle("write-into-all", [](Context&) {
    for (int fd = 3; fd < 16; ++fd) (void)!::write(fd, "this is no frame at all", 23);
  });
}

void add_hangs(Mux& mux) {
  mux.handle("spin", [](Context&) { spin(); });
  mux.handle("spin-limited", [](Context&) { spin(); }, {.cpu_time_max = 1s});
  mux.handle("sleep", [](Context& ctx) {
    mark(ctx);
    sleep_for_ever();
  });
  mux.handle("ignore-term", [](Context& ctx) {
    ::signal(SIGTERM, SIG_IGN);
    mark(ctx);
    sleep_for_ever();
  });
  mux.handle("wait-for-stop", wait_for_stop);
  mux.handle("ignore-stop", [](Context& ctx) {
    const std::stop_callback told(ctx.stop_token(), [&] { mark(ctx); });
    ::signal(SIGTERM, SIG_IGN);
    sleep_for_ever();
  });
  mux.handle("half-a-frame", [](Context&) {
    (void)!::write(3, "\x09\0\0\0", 4);
    sleep_for_ever();
  });
  mux.handle("grandchild", [](Context& ctx) {
    mark(ctx, std::to_string(start_grandchild()));
    sleep_for_ever();
  });
  mux.handle("grandchild-then-segv", [](Context& ctx) {
    mark(ctx, std::to_string(start_grandchild()));
    segfault();
  });
}

void add_cgroups(Mux& mux) {
  mux.handle("cgroup", [](Context& ctx) {
    std::ifstream file("/proc/self/cgroup");
    ctx.write_result(std::string(std::istreambuf_iterator<char>(file), {}));
  });
  mux.handle("runaway-then-segv", [](Context& ctx) {
    mark(ctx, std::to_string(start_grandchild(true)));
    segfault();
  });
}

void add_talk(Mux& mux) {
  mux.handle("ok", [](Context& ctx) { ctx.write_result(std::to_string(::getpid())); });
  mux.handle("none", [](Context&) {});
  mux.handle("throw", [](Context&) { throw std::runtime_error("no such host"); });
  mux.handle("fail", [](Context&) {
    std::puts("before the failure");
    return Outcome::fail("no");
  });
  mux.handle("snooze", [](Context&) { return Snooze(1h); });
  mux.handle("skip", [](Context&) { return SkipRetry("never"); });
  mux.handle("context", [](Context& ctx) { ctx.write_result(context_text(ctx)); });
  mux.handle("limits", [](Context& ctx) { ctx.write_result(limits_text()); },
             {.open_files_max = 64, .nice = 3, .working_folder = "/", .environment = {{"WINDLASS_TEST_KEPT", "PATH"}}});
  mux.handle("limits-memory", [](Context& ctx) { ctx.write_result(limits_text()); }, {.memory_max = 1_GiB});
  mux.handle("open-files", [](Context& ctx) {
    int last = -1;
    for (int fd = ::open("/", O_RDONLY); fd >= 0; fd = ::open("/", O_RDONLY)) last = fd;
    ctx.write_result(std::to_string(last) + (errno == EMFILE ? " EMFILE" : ""));
  }, {.open_files_max = 48});
  mux.handle("throw-long", [](Context&) { throw std::runtime_error(std::string(8 << 20, 'x')); });
  mux.handle("progress", [](Context& ctx) {
    ctx.set_progress(40, "halfway");
    mark(ctx);
    sleep_for_ever();
  });
  mux.handle("log", [](Context&) {
    const LogScope scope({{"step", "one"}});
    log_warn("from the handler", {{"width", "640"}});
    std::fputs("a line on stderr\n", stderr);
    std::puts("a line on stdout");
  });
  mux.handle("flood", [](Context&) {
    const std::string line(1 << 16, 'x');
    for (int i = 0; i < 1 << 14; ++i) std::puts(line.c_str());
    std::puts("the end of the flood");
    return Outcome::fail("flooded");
  });
  mux.handle("result", [](Context& ctx) { ctx.write_result(std::string(std::stoul(ctx.payload().bytes()), 'r')); });
}

void add_worn(Mux& mux) {
  mux.handle("three", [](Context& ctx) { ctx.write_result(std::to_string(::getpid())); }, {.tasks_per_child = 3});
  mux.handle("grow",
             [](Context& ctx) {
               static std::vector<std::string> kept;
               kept.emplace_back(64 << 20, 'x');
               ctx.write_result(std::to_string(::getpid()));
             },
             {.rss_max = 48_MiB});
}

void add_shared(Mux& mux) {
  const HandlerOptions shared{.handlers_per_child = 4};
  mux.handle(
      "shared:wait",
      [](Context& ctx) {
        if (ctx.retry_count() == 0 && ::access(ctx.payload().bytes().c_str(), F_OK) == 0) return Outcome::done();
        mark(ctx);
        sleep_for_ever();
      },
      shared);
  mux.handle(
      "shared:segv", [](Context&) { segfault(); }, shared);
  mux.handle(
      "shared:_exit", [](Context&) { ::_exit(9); }, shared);
  mux.handle(
      "shared:ok", [](Context& ctx) { ctx.write_result(std::to_string(::getpid())); }, shared);
}

}  // namespace

Mux misbehaving_mux() {
  Mux mux;
  for (const auto add : {add_crashes, add_hangs, add_cgroups, add_talk, add_worn, add_shared}) add(mux);
  return mux;
}

}  // namespace windlass::testing
