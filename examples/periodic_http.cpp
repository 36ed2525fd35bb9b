// Entries from a web service, asked for every second; most answers are "304 Not Modified".
//   periodic_http BROKER URL
#include <iostream>
#include <windlass/windlass.hpp>

int main(int argc, char** argv) {
  if (argc != 3) return std::cerr << "usage: periodic_http BROKER URL\n", 2;
  auto broker = windlass::open_broker(argv[1]);
  if (!broker) return std::cerr << broker.error().message() << '\n', 1;

  windlass::HttpProviderOptions options;
  options.headers = {{"Authorization", "Bearer example"}};
  windlass::PeriodicTaskManagerConfig config;
  config.sync_interval = std::chrono::seconds(1);
  config.on_sync = [](const windlass::SyncReport& report) {
    for (const auto& error : report.errors) std::cerr << error.message() << '\n';
  };
  windlass::PeriodicTaskManager manager(*broker, windlass::http_provider(argv[2], options), config);

  windlass::Mux mux;
  mux.handle("job", [](windlass::Context& ctx) { std::cout << "job " << ctx.payload().bytes() << std::endl; });
  windlass::Server server(*broker);
  server.attach(manager);
  if (auto served = server.run(mux); !served) return std::cerr << served.error().message() << '\n', 1;
  return 0;
}
