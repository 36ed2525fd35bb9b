// A handler with a bug, in a process of its own: its task fails, and the server goes on.
//
//   example_isolation
#include <chrono>
#include <cstdio>
#include <string>

#include <windlass/windlass.hpp>

using namespace std::chrono_literals;
using namespace windlass::literals;

namespace {

// Trusts the first byte of its input, as code sometimes does.
void convert(windlass::Context& ctx) {
  const char* const text = ctx.payload().bytes() == "broken" ? nullptr : "fine";
  volatile char first = *const_cast<const volatile char*>(text);
  ctx.write_result(std::string("converted, ") + first);
}

int fail(const windlass::Error& error) {
  std::fprintf(stderr, "%s\n", error.message().c_str());
  return 1;
}

}  // namespace

int main() {
  windlass::Mux mux;
  // docs: pattern
  mux.handle("video:", convert, {.isolation = windlass::Isolation::kProcess, .memory_max = 512_MiB});
  // docs: end
  // This program enqueues tasks before it serves. Its children must not do that, too: for them main() ends here.
  windlass::serve_if_child(mux);

  const auto broker = windlass::open_broker("memory:");
  if (!broker) return fail(broker.error());
  windlass::Client client(*broker);
  for (const char* payload : {"broken", "good"}) {
    const auto options = windlass::EnqueueOptions().task_id(payload).max_retry(0).retention(std::chrono::hours(1));
    if (const auto task = client.enqueue(windlass::Task("video:convert", payload), options); !task)
      return fail(task.error());
  }

  // docs: server
  windlass::ServerConfig config;
  config.isolation = {.isolation = windlass::Isolation::kProcess, .grace = 10s};
  windlass::Server server(*broker, config);
  // docs: end
  if (auto started = server.start(mux); !started) return fail(started.error());
  if (auto empty = server.wait_until_empty(); !empty) return fail(empty.error());
  const windlass::Inspector inspector(*broker);
  for (const char* id : {"broken", "good"}) {
    const auto task = inspector.task("default", id);
    if (!task) return fail(task.error());
    std::printf("%s: %s %s\n", id, std::string(windlass::task_state_name(task->state)).c_str(),
                task->failure.message.c_str());
  }
}
