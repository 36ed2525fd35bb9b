// Entries that are known at compile time, and scheduler and server in one process.
//   periodic_static BROKER
#include <iostream>
#include <windlass/windlass.hpp>

int main(int argc, char** argv) {
  auto broker = windlass::open_broker(argc > 1 ? argv[1] : "memory:");
  if (!broker) return std::cerr << broker.error().message() << '\n', 1;

  windlass::Scheduler scheduler(*broker);
  const windlass::EntryOptions daily("daily-report");
  for (const auto& added : {scheduler.add("@every 1s", windlass::Task("heartbeat")),
                            scheduler.add("30 9 * * 1-5", windlass::Task("report", "daily"), daily)}) {
    if (!added) return std::cerr << added.error().message() << '\n', 1;
  }

  windlass::Mux mux;
  mux.handle("heartbeat", [](windlass::Context& ctx) {
    std::cout << "heartbeat of " << ctx.headers().at("windlass-scheduled-at") << std::endl;
  });
  mux.handle("report", [](windlass::Context&) { std::cout << "the daily report" << std::endl; });
  windlass::Server server(*broker);
  server.attach(scheduler);
  return server.run(mux) ? 0 : 1;  // until Ctrl-C
}
