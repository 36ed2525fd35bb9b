// A payload that is made anew for each tick: which minute to sum up follows from the tick, not from when the task runs.
//   periodic_factory BROKER
#include <iostream>
#include <windlass/windlass.hpp>

struct Window { std::int64_t from, until; };
WINDLASS_FIELDS(Window, from, until)

windlass::Task make_task(const windlass::Tick& tick) {
  const auto second = std::chrono::duration_cast<std::chrono::seconds>(tick.nominal.time_since_epoch()).count();
  return windlass::Task("sum", windlass::codec::to_json(Window{second - 60, second}));
}

int main(int argc, char** argv) {
  auto broker = windlass::open_broker(argc > 1 ? argv[1] : "memory:");
  if (!broker) return std::cerr << broker.error().message() << '\n', 1;

  windlass::Scheduler scheduler(*broker);
  // Every tick matters: after an outage all of them are made up for.
  const auto options = windlass::EntryOptions("sum-of-last-minute").missed(windlass::MissedTicks::kAll);
  if (auto added = scheduler.add("@every 1s", make_task, options); !added) return std::cerr << added.error().message() << '\n', 1;

  windlass::Mux mux;
  mux.handle<Window>("sum", [](windlass::Context& ctx, const Window& window) {
    const auto tick = std::chrono::duration_cast<std::chrono::seconds>(ctx.scheduled_at().time_since_epoch()).count();
    std::cout << "sum from " << window.from << " until " << window.until << ", tick " << tick << std::endl;
  });
  windlass::Server server(*broker);
  server.attach(scheduler);
  return server.run(mux) ? 0 : 1;
}
