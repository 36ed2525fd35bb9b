#include <iostream>
#include <windlass/windlass.hpp>

struct Email { std::string to, subject; };
WINDLASS_FIELDS(Email, to, subject)

int main() {
  auto broker = windlass::open_broker("sqlite:tasks.db");
  if (!broker) return std::cerr << broker.error().message() << '\n', 1;

  windlass::Client client(*broker);
  const std::string payload = windlass::codec::to_json(Email{"ada@example.org", "Welcome"});
  auto task = client.enqueue(windlass::Task("email:send", payload));
  if (!task) return std::cerr << task.error().message() << '\n', 1;

  windlass::Mux mux;
  mux.handle<Email>("email:send", [](windlass::Context&, const Email& mail) {
    windlass::log_info("sending '" + mail.subject + "' to " + mail.to);
  });
  windlass::Server server(*broker);
  return server.run(mux) ? 0 : 1;  // until Ctrl-C
}
