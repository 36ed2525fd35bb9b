// Entries that come and go while the program runs, from a list in memory.
//   periodic_memory BROKER
#include <iostream>
#include <mutex>
#include <set>
#include <windlass/windlass.hpp>

// The customers who want a digest. In a real program: whatever it knows.
class Customers {
 public:
  void add(const std::string& name) { std::lock_guard lock(mu_); names_.insert(name); }
  windlass::PeriodicTaskConfigs entries() const {
    std::lock_guard lock(mu_);
    windlass::PeriodicTaskConfigs configs;
    for (const auto& name : names_) {
      configs.emplace_back("@every 1s", windlass::Task("digest", name), windlass::EntryOptions("digest:" + name));
    }
    return configs;
  }

 private:
  mutable std::mutex mu_;
  std::set<std::string> names_;
};

int main(int argc, char** argv) {
  auto broker = windlass::open_broker(argc > 1 ? argv[1] : "memory:");
  if (!broker) return std::cerr << broker.error().message() << '\n', 1;

  Customers customers;
  customers.add("ada");
  windlass::PeriodicTaskManagerConfig config;
  config.sync_interval = std::chrono::milliseconds(500);
  windlass::PeriodicTaskManager manager(*broker, windlass::function_provider([&] { return customers.entries(); }), config);

  windlass::Mux mux;
  mux.handle("digest", [&](windlass::Context& ctx) {
    std::cout << "digest for " << ctx.payload().bytes() << std::endl;
    customers.add("grace");  // who signed up meanwhile
  });
  windlass::Server server(*broker);
  server.attach(manager);
  return server.run(mux) ? 0 : 1;
}
