// A long task, in a process of its own: it says how far it is, stops when it is told to, and is killed if it does not.
//   transcode BROKER ID FRAMES         then, elsewhere: windlass task inspect ID; windlass task cancel ID --for-good
#include <cmath>
#include <iostream>
#include <windlass/windlass.hpp>

using namespace std::chrono_literals;

struct Video { int frames; };
WINDLASS_FIELDS(Video, frames)

double encode_frame(int n) {
  double sum = n;
  for (int i = 1; i < 50'000; ++i) sum += std::sin(sum) / i;
  return sum;
}

windlass::Outcome transcode(windlass::Context& ctx, const Video& video) {
  double sum = 0;
  for (int n = 0; n < video.frames; ++n) {
    // docs: stop
    // Between two frames nothing is half done. Clean up here; done() would mean that the video is.
    if (ctx.stop_requested()) {
      const std::string why(stop_reason_name(ctx.stop_reason()));
      windlass::log_info("stopped", {{"frame", std::to_string(n)}, {"why", why}});
      return windlass::Outcome::fail("stopped at frame " + std::to_string(n));
    }
    // docs: end
    sum += encode_frame(n);
    ctx.set_progress(100.0 * n / video.frames, "frame " + std::to_string(n));
  }
  ctx.write_result("checksum " + std::to_string(sum));
  return windlass::Outcome::done();
}

int main(int argc, char** argv) {
  if (argc != 4) return std::cerr << "usage: transcode BROKER ID FRAMES\n", 2;
  windlass::Mux mux;
  // docs: pattern
  windlass::HandlerOptions in_a_process;
  in_a_process.isolation = windlass::Isolation::kProcess;
  in_a_process.nice = 10;
  in_a_process.grace = 10s;  // from the request to stop until SIGTERM
  mux.handle<Video>("video:transcode", transcode, in_a_process);
  // docs: end
  windlass::serve_if_child(mux);  // children stop here: they must not enqueue

  auto broker = windlass::open_broker(argv[1]);
  if (!broker) return std::cerr << broker.error().message() << '\n', 1;
  const windlass::Task task("video:transcode", windlass::codec::to_json(Video{std::stoi(argv[3])}));
  const auto options = windlass::EnqueueOptions().task_id(argv[2]).timeout(6h).max_retry(1).retention(24h);
  if (auto stored = windlass::Client(*broker).enqueue(task, options); !stored)
    return std::cerr << stored.error().message() << '\n', 1;

  windlass::Server server(*broker);
  if (auto started = server.start(mux); !started) return std::cerr << started.error().message() << '\n', 1;
  if (auto empty = server.wait_until_empty(); !empty) return std::cerr << empty.error().message() << '\n', 1;
  const auto ended = windlass::Inspector(*broker).task("default", argv[2]);
  if (!ended) return std::cerr << ended.error().message() << '\n', 1;
  std::cout << windlass::task_state_name(ended->state) << ' ' << ended->result.value_or(ended->failure.message) << '\n';
}
