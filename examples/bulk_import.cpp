// Rows come one by one and are written many at a time: tasks of one group wait for company, and become one task.
//   bulk_import BROKER ROWS
#include <atomic>
#include <iostream>
#include <windlass/windlass.hpp>

using namespace std::chrono_literals;

int main(int argc, char** argv) {
  auto broker = windlass::open_broker(argc > 1 ? argv[1] : "memory:");
  if (!broker) return std::cerr << broker.error().message() << '\n', 1;
  const int rows = argc > 2 ? std::stoi(argv[2]) : 1000;

  windlass::Client client(*broker);
  const auto in_group = windlass::EnqueueOptions().queue("import").group("orders");
  std::vector<windlass::Task> tasks;
  for (int i = 0; i < rows; ++i) tasks.emplace_back("row", "order " + std::to_string(i));
  for (const auto& stored : client.enqueue_batch(tasks, in_group))
    if (!stored) return std::cerr << stored.error().message() << '\n', 1;

  windlass::ServerConfig config;
  config.queues = {{"import", 1}};
  config.group_max_size = 250;      // so many rows are written at once at most,
  config.group_grace_period = 1s;   // fewer if no row has come for a second,
  config.group_max_delay = 10s;     // or the oldest has waited for ten
  config.aggregator = [](const std::string& group, const std::vector<windlass::Task>& of_group) {
    std::string all;
    for (const windlass::Task& row : of_group) all += row.payload().bytes() + '\n';
    return windlass::Task("insert:" + group, all, windlass::EnqueueOptions().queue("import"));
  };

  std::atomic<int> written = 0;
  windlass::Mux mux;
  mux.handle("insert:orders", [&](windlass::Context& ctx) {
    const std::string& all = ctx.payload().bytes();
    const auto count = static_cast<int>(std::count(all.begin(), all.end(), '\n'));
    std::cout << "one INSERT of " << count << " rows\n" << std::flush;  // here: one transaction, COPY, a bulk request
    written += count;
    written.notify_all();
  });
  windlass::Server server(*broker, config);
  if (auto started = server.start(mux); !started) return std::cerr << started.error().message() << '\n', 1;
  for (int seen = written; seen < rows; seen = written) written.wait(seen);
}
