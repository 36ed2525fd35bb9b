// Enqueues a task and runs it: with an embedded broker, and with the parts that need other libraries (JSON, cron, YAML, TLS).
#include <cstdio>
#include <windlass/windlass.hpp>

struct Email {
  std::string to;
};
WINDLASS_FIELDS(Email, to)

int main(int, char** argv) {
  const auto broker = windlass::open_broker(argv[1]);
  if (!broker) return std::puts(broker.error().message().c_str()), 1;
  windlass::Client client(*broker);
  if (!client.enqueue(windlass::Task("email", windlass::codec::to_json(Email{"ada@example.org"})))) return 2;
  windlass::Scheduler scheduler(*broker);
  if (!scheduler.add("CRON_TZ=Europe/Berlin 0 9 * * 1-5", windlass::Task("report"))) return 3;

  windlass::Mux mux;
  mux.handle<Email>("email", [](windlass::Context&, const Email& mail) { std::puts(mail.to.c_str()); });
  windlass::Server server(*broker);
  if (!server.start(mux) || !server.wait_until_empty()) return 4;
  server.stop();
  return windlass::open_broker("rediss://127.0.0.1:1").error().code() == windlass::ErrorCode::kUnavailable ? 0 : 5;
}
