// The task's id in every log line: of handlers, of what they call, of their own threads, and of a middleware around
// all of them.
//   task_id_in_logs BROKER
#include <iostream>
#include <thread>
#include <windlass/windlass.hpp>

using windlass::Async, windlass::AsyncHandler, windlass::Context, windlass::Handler, windlass::Outcome;

// Knows nothing of tasks, and its lines bear the id of the one that it works for.
void resize(int width) { windlass::log_info("resized", {{"width", std::to_string(width)}}); }

// Logs the end of each run, whether the handler returns or throws.
class RunLog {
 public:
  RunLog() { windlass::log_info("run begins"); }
  ~RunLog() { windlass::log_info("run ends"); }
};

int main(int argc, char** argv) {
  auto broker = windlass::open_broker(argc > 1 ? argv[1] : "memory:");
  if (!broker) return std::cerr << broker.error().message() << '\n', 1;
  // One JSON object a line, on standard output.
  windlass::set_log_sink(windlass::make_stream_sink(1, windlass::LogFormat::kJson));

  windlass::Mux mux;
  // docs: middleware
  mux.use([](Context& ctx, const Handler& next) { RunLog log; return next(ctx); },
          [](Context& ctx, const AsyncHandler& next) -> Async<Outcome> {
            RunLog log;
            co_return co_await next(ctx);
          });
  // docs: end
  mux.handle("image:resize", [](Context&) {
    resize(640);
    // A thread of the handler's own takes the fields along.
    std::jthread([fields = windlass::log_context()] {
      const windlass::LogScope scope(fields);
      resize(320);
    });
  });
  mux.handle("remind", [](Context&) -> Async<> {
    co_await windlass::sleep_for(std::chrono::milliseconds(1));
    const windlass::LogScope scope{{"user", "ada"}};  // a field more, on all lines until the end of the block
    windlass::log_info("reminded");
  });

  windlass::Client client(*broker);
  for (const char* type : {"image:resize", "remind"}) {
    if (auto task = client.enqueue(windlass::Task(type)); !task) return std::cerr << task.error().message() << '\n', 1;
  }
  windlass::Server server(*broker);
  return server.start(mux) && server.wait_until_empty() ? 0 : 1;
}
