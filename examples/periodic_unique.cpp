// Work that must not pile up, in two ways. `unique` refuses a second task for the same work, also one that a client enqueues by
// hand, as long as the first is not done and its lock lasts. `overlap` looks only at the entry's own earlier ticks.
//   periodic_unique BROKER
#include <iostream>
#include <thread>
#include <windlass/windlass.hpp>

int main(int argc, char** argv) {
  auto broker = windlass::open_broker(argc > 1 ? argv[1] : "memory:");
  if (!broker) return std::cerr << broker.error().message() << '\n', 1;

  windlass::SchedulerConfig config;
  config.post_enqueue = [](const windlass::Tick& tick, const windlass::Result<windlass::TaskInfo>& stored) {
    if (stored) return;
    std::cout << tick.entry + " left out: " + std::string(windlass::error_code_name(stored.error().code())) + "\n" << std::flush;
  };
  windlass::Scheduler scheduler(*broker, config);
  const windlass::Task unique("import", "all", windlass::EnqueueOptions().unique(std::chrono::minutes(10)));
  const auto alone = windlass::EntryOptions("cleanup").overlap(windlass::Overlap::kSkipIfRunning);
  for (const auto& added : {scheduler.add("@every 1s", unique, windlass::EntryOptions("import")),
                            scheduler.add("@every 1s", windlass::Task("cleanup"), alone)}) {
    if (!added) return std::cerr << added.error().message() << '\n', 1;
  }

  const auto work = [](windlass::Context& ctx) {
    std::cout << ctx.type() + " runs\n" << std::flush;
    std::this_thread::sleep_for(std::chrono::milliseconds(2500));  // longer than from tick to tick
  };
  windlass::Mux mux;
  mux.handle("import", work).handle("cleanup", work);
  windlass::Server server(*broker);
  server.attach(scheduler);
  return server.run(mux) ? 0 : 1;
}
