// Time zones: by the scheduler, by the entry, by a prefix in the spec. Prints when each entry runs next.
//   periodic_time_zone BROKER
#include <iostream>
#include <windlass/windlass.hpp>

int main(int argc, char** argv) {
  auto broker = windlass::open_broker(argc > 1 ? argv[1] : "memory:");
  if (!broker) return std::cerr << broker.error().message() << '\n', 1;

  windlass::SchedulerConfig config;
  config.zone = "Europe/Berlin";  // of entries that name none; without it UTC
  windlass::Scheduler scheduler(*broker, config);
  const windlass::Task task("opening");
  for (const auto& added :
       {scheduler.add("0 9 * * *", task, windlass::EntryOptions("berlin")),
        scheduler.add("0 9 * * *", task, windlass::EntryOptions("new-york").zone("America/New_York")),
        scheduler.add("TZ=Asia/Tokyo 0 9 * * *", task, windlass::EntryOptions("tokyo")),
        scheduler.add("* * * * * *", task, windlass::EntryOptions("every-second").seconds().zone("Australia/Lord_Howe"))}) {
    if (!added) return std::cerr << added.error().message() << '\n', 1;
  }
  for (const auto& entry : scheduler.entries()) {
    std::cout << entry.id << " (" << entry.spec << ") next at "
              << std::chrono::duration_cast<std::chrono::seconds>(entry.next_at.time_since_epoch()).count() << std::endl;
  }

  windlass::Mux mux;
  mux.handle("opening", [](windlass::Context& ctx) {
    std::cout << "opening " << ctx.headers().at("windlass-scheduled-at") << std::endl;
  });
  windlass::Server server(*broker);
  server.attach(scheduler);
  return server.run(mux) ? 0 : 1;
}
