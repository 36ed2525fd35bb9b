// Entries in a table of the application's own database. A change of the table counts within a second.
//   periodic_database BROKER DATABASE
#include <iostream>
#include <windlass/windlass.hpp>

int main(int argc, char** argv) {
  if (argc != 3) return std::cerr << "usage: periodic_database BROKER DATABASE\n", 2;
  auto broker = windlass::open_broker(argv[1]);
  if (!broker) return std::cerr << broker.error().message() << '\n', 1;

  auto jobs = windlass::sqlite_provider(argv[2], "SELECT name, cron, 'job' AS type, payload FROM jobs WHERE enabled");
  windlass::PeriodicTaskManager manager(*broker, jobs);

  windlass::Mux mux;
  mux.handle("job", [](windlass::Context& ctx) { std::cout << "job " << ctx.payload().bytes() << std::endl; });
  windlass::Server server(*broker);
  server.attach(manager);
  if (auto served = server.run(mux); !served) return std::cerr << served.error().message() << '\n', 1;
  return 0;
}
