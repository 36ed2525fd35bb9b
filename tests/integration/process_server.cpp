// A server program for the tests: the misbehaving handlers in child processes, two at a time. Argument: the broker's
// URL.
#include <cstdio>

#include <windlass/server.hpp>

#include "process_handlers.hpp"

int main(int argc, char** argv) {
  using namespace windlass;
  if (argc != 2) return 2;
  const Mux mux = testing::misbehaving_mux();
  auto broker = open_broker(argv[1]);
  if (!broker) return 1;
  ServerConfig config;
  config.concurrency = 2;
  config.isolation = {.isolation = Isolation::kProcess};
  config.retry_delay = [](int, const Failure&, const Context&) { return Duration::zero(); };
  const Status served = Server(*broker, config).run(mux);
  if (!served) std::fprintf(stderr, "%s\n", served.error().message().c_str());
  return served ? 0 : 1;
}
