// A report on each day, made at two in the night where its readers live. Which day it is about follows from the tick,
// not from the clock: a report that runs late, or again, or after an outage, is about the right day.
//   nightly_report BROKER [SPEC]
#include <iostream>
#include <windlass/windlass.hpp>

using namespace std::chrono_literals;

int main(int argc, char** argv) {
  auto broker = windlass::open_broker(argc > 1 ? argv[1] : "memory:");
  if (!broker) return std::cerr << broker.error().message() << '\n', 1;

  windlass::Scheduler scheduler(*broker);
  const auto of_task = windlass::EnqueueOptions().max_retry(10).timeout(1h).retention(7 * 24h);
  const windlass::Task report("report:daily", {}, of_task);
  const auto options = windlass::EntryOptions("nightly-report")
                           .zone("Europe/Berlin")                      // 02:00 there, in summer and in winter
                           .missed(windlass::MissedTicks::kAll)        // after an outage of three days, three reports
                           .overlap(windlass::Overlap::kSkipIfRunning);
  if (auto added = scheduler.add(argc > 2 ? argv[2] : "0 2 * * *", report, options); !added)
    return std::cerr << added.error().message() << '\n', 1;

  windlass::Mux mux;
  mux.handle("report:daily", [](windlass::Context& ctx) {
    const std::chrono::year_month_day day(std::chrono::floor<std::chrono::days>(ctx.scheduled_at() - 24h));
    const std::string name = std::to_string(int(day.year())) + '-' + std::to_string(unsigned(day.month())) + '-' +
                             std::to_string(unsigned(day.day()));
    ctx.write_result("report of " + name);
    std::cout << "report of " << name << std::endl;
  });
  windlass::Server server(*broker);
  server.attach(scheduler);  // starts and stops with it; run this program on as many machines as you like
  return server.run(mux) ? 0 : 1;
}
