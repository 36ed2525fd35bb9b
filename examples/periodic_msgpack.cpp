// A payload in MessagePack. The typed handler takes it as it takes JSON.
//   periodic_msgpack BROKER
#include <iostream>
#include <windlass/windlass.hpp>

struct Sample { std::string sensor; std::vector<double> limits; };
WINDLASS_FIELDS(Sample, sensor, limits)

int main(int argc, char** argv) {
  auto broker = windlass::open_broker(argc > 1 ? argv[1] : "memory:");
  if (!broker) return std::cerr << broker.error().message() << '\n', 1;

  windlass::Scheduler scheduler(*broker);
  const windlass::Task task("sample", windlass::codec::to_msgpack(Sample{"boiler", {20.5, 90}}));
  if (auto added = scheduler.add("@every 1s", task); !added) return std::cerr << added.error().message() << '\n', 1;

  windlass::Mux mux;
  mux.handle<Sample>("sample", [](windlass::Context& ctx, const Sample& sample) {
    std::cout << "sample of " << sample.sensor << " below " << sample.limits.at(1) << ", " << ctx.payload().size() << " bytes"
              << std::endl;
  });
  windlass::Server server(*broker);
  server.attach(scheduler);
  return server.run(mux) ? 0 : 1;
}
