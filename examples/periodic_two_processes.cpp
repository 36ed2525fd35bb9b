// Scheduler and server as two processes, on as many machines as you like. Start several of each: every tick is still one task.
//   periodic_two_processes BROKER scheduler &  periodic_two_processes BROKER server
#include <iostream>
#include <string_view>
#include <windlass/windlass.hpp>

int run_scheduler(const windlass::BrokerPtr& broker) {
  windlass::Scheduler scheduler(broker);
  auto added = scheduler.add("@every 1s", windlass::Task("tick"), windlass::EntryOptions("ticker"));
  if (!added) return std::cerr << added.error().message() << '\n', 1;
  return scheduler.run() ? 0 : 1;
}

int run_server(const windlass::BrokerPtr& broker) {
  windlass::Mux mux;
  mux.handle("tick", [](windlass::Context& ctx) {
    std::cout << "tick " << ctx.headers().at("windlass-scheduled-at") << std::endl;
  });
  windlass::Server server(broker);
  return server.run(mux) ? 0 : 1;
}

int main(int argc, char** argv) {
  if (argc != 3) return std::cerr << "usage: periodic_two_processes BROKER scheduler|server\n", 2;
  auto broker = windlass::open_broker(argv[1]);
  if (!broker) return std::cerr << broker.error().message() << '\n', 1;
  return argv[2] == std::string_view("scheduler") ? run_scheduler(*broker) : run_server(*broker);
}
