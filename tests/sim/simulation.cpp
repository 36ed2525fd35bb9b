#include "sim/simulation.hpp"

#include <algorithm>

#include "api/enqueue_call.hpp"
#include "sim/recorder.hpp"

namespace windlass::sim {

using namespace std::chrono_literals;

namespace {

const std::vector<std::string> kQueues{"q1", "q2"};
constexpr Duration kTroubleLasts = 90s;
// What waits longest: a task scheduled for a minute later, on a clock that is minutes behind the one it was scheduled
// by.
constexpr Duration kQuietLasts = 30min;
// One that was frozen, or whose last call was slow both ways, needs so long to be back.
constexpr Duration kComeRound = 2min + 30s;
constexpr Duration kTicksWatched = 25s;
constexpr int kTasksMost = 80;
constexpr std::uint64_t kStepsMost = 500'000;

ServerConfig server_config(World& world) {
  ServerConfig config;
  config.concurrency = 1 + static_cast<int>(world.below(4));
  config.prefetch_max = world.chance(0.5) ? 500 : 3;
  config.queues = {{"q1", 2}, {"q2", 1}};
  config.strict_priority = world.chance(0.2);
  config.retry_delay = [](int n, const Failure&, const Context&) { return 1s + 2s * n; };
  config.expired = world.chance(0.5) ? ExpiredPolicy::kArchive : ExpiredPolicy::kDiscard;
  config.aggregator = [](const std::string& group, const std::vector<Task>&) {
    return Task("together", Payload(group));
  };
  config.group_grace_period = 2s;
  config.group_max_size = 3;
  config.archive_max = world.chance(0.3) ? 3 : 10000;
  config.lease = world.chance(0.5) ? 30s : 5s;
  return config;
}

FaultRates draw_rates(World& world) {
  // On some days there are all kinds of faults, on others none but deaths, or none at all.
  const double much = world.one_of<double>({0, 0.01, 0.03, 0.1});
  const auto rate = [&] { return world.chance(0.6) ? much * world.random().unit() : 0; };
  return {rate(), rate(), rate(), rate(), rate() / 2, rate() / 20};
}

Duration draw_skew(World& world) {
  if (world.chance(0.5)) return Duration::zero();
  return world.chance(0.9) ? world.between(-3s, 3s) : world.between(-2min, 2min);
}

}  // namespace

struct Simulation::ClientParty final : Party {
  ClientParty(World& world, std::string client_name, testing::FakeClock& clock, std::shared_ptr<broker::Broker> store,
              const Network& network)
      : Party(world, std::move(client_name), clock),
        link(std::make_shared<Link>(std::move(store), world, *this, network)) {}
  const std::shared_ptr<Link> link;
};

Simulation::Simulation(const conformance::Row& row, std::uint64_t seed, Setup setup)
    : world_(seed),
      history_(world_, {row.grain}),
      row_(row),
      setup_(setup),
      store_(row.make_quick ? row.make_quick() : row.make()),
      own_(store_->open(world_.clock(), std::size_t{1} << 20)) {
  operator_ = std::make_shared<Party>(world_, "operator", world_.clock());
  operator_link_ = std::make_shared<Recorder>(own_, history_, [this](bool news) { changed(news); });
}

Simulation::~Simulation() = default;

// ------------------------------------------------------------------------------------------------------------- fleet

testing::FakeClock& Simulation::machine() {
  if (setup_.one_machine)
    machines_ = {&world_.clock()};
  else if (machines_.empty() || world_.chance(0.7))
    machines_.push_back(&world_.make_clock(draw_skew(world_)));
  return *world_.one_of(machines_);
}

std::shared_ptr<broker::Broker> Simulation::open(testing::FakeClock& clock) {
  return std::make_shared<Recorder>(row_.shared ? store_->open(clock, std::size_t{1} << 20) : own_, history_,
                                    [this](bool news) { changed(news); });
}

// Somebody may have something to do. Not everybody hears of it at once.
void Simulation::changed(bool news) {
  ++dirty_;
  if (!news) return;
  for (const auto& weak : servers_) {
    const auto server = weak.lock();
    if (server && world_.chance(0.5)) server->ring();
  }
}

void Simulation::add_server() {
  testing::FakeClock& clock = machine();
  auto server = std::make_shared<ServerParty>(world_, "server-" + std::to_string(++named_), clock, open(clock),
                                              network_, habits_, history_, server_config(world_));
  server->start();
  servers_.push_back(server);
}

void Simulation::add_scheduler() {
  testing::FakeClock& clock = machine();
  auto scheduler =
      std::make_shared<SchedulerParty>(world_, "scheduler-" + std::to_string(++named_), clock, open(clock), network_);
  scheduler->start();
  schedulers_.push_back(scheduler);
}

void Simulation::add_client() {
  testing::FakeClock& clock = machine();
  auto client =
      std::make_shared<ClientParty>(world_, "client-" + std::to_string(++named_), clock, open(clock), network_);
  client->spawn([this, client = client.get()] { client_work(*client); });
  clients_.push_back(client);
}

// Dead ones are replaced, as an orchestrator does.
void Simulation::keep_fleet() {
  if (world_.ending()) return;
  const auto living = [](auto& parties) {
    std::erase_if(parties, [](const auto& weak) {
      const auto party = weak.lock();
      return !party || !party->alive();
    });
    return parties.size();
  };
  while (living(servers_) < 3) add_server();
  while (living(schedulers_) < 2) add_scheduler();
  while (!quiet_ && living(clients_) < 2) add_client();
}

// ----------------------------------------------------------------------------------------------------------- clients

void Simulation::client_work(ClientParty& client) {
  while (client.alive() && !quiet_ && tasks_ < kTasksMost) {
    client.sleep(world_.between(0s, 4s));
    std::vector<Task> tasks;
    for (std::size_t n = 1 + world_.below(4); n > 0; --n) {
      EnqueueOptions options;
      options.task_id("t" + std::to_string(++tasks_))
          .queue(world_.one_of(kQueues))
          .max_retry(static_cast<int>(world_.below(4)));
      if (world_.chance(0.25)) options.process_in(world_.between(0s, 60s));
      if (world_.chance(0.15)) options.expires_in(world_.between(1s, 30s));
      if (world_.chance(0.1)) options.deadline(client.clock().now() + world_.between(1s, 60s));
      if (world_.chance(0.2)) options.timeout(world_.between(1s, 10s));
      if (world_.chance(0.25)) options.unique(world_.between(1s, 60s), "k" + std::to_string(world_.below(3)));
      if (world_.chance(0.3)) options.retention(world_.between(1s, 60s));
      if (world_.chance(0.15)) options.group("g" + std::to_string(world_.below(2)));
      tasks.emplace_back("t", Payload("x"), std::move(options));
    }
    // Where the outcome is unknown, the same again: the ids say what became of it.
    for (int attempt = 0; attempt < 3 && client.alive(); ++attempt) {
      const EnqueueOptions none;
      std::vector<api::EnqueueItem> items;
      for (const Task& task : tasks) items.push_back({&task, &none});
      const auto answers = api::enqueue(*client.link, client.clock(), items);
      bool again = false;
      for (std::size_t i = 0; i < tasks.size(); ++i) {
        if (answers[i])
          history_.acknowledged(answers[i]->queue, answers[i]->id);
        else
          again = again || answers[i].error().code() == ErrorCode::kUnavailable ||
                  answers[i].error().code() == ErrorCode::kUnknownOutcome;
      }
      if (!again) break;
      client.sleep(world_.between(0s, 2s));
    }
  }
}

// ----------------------------------------------------------------------------------------------------------- trouble

void Simulation::bring_trouble() {
  while (operator_->alive() && !quiet_) {
    operator_->sleep(world_.between(0s, 8s));
    if (!quiet_) one_trouble();
    keep_fleet();
  }
}

void Simulation::one_trouble() {
  const auto any = [&](const auto& parties) { return parties.empty() ? nullptr : world_.one_of(parties).lock(); };
  const auto tasks = history_.tasks();
  const std::string& queue = world_.one_of(kQueues);
  switch (world_.below(12)) {
    case 0:
    case 1:
      if (const auto server = any(servers_)) server->kill();
      break;
    case 2:
      if (const auto server = any(servers_)) server->stop();
      break;
    case 3:
    case 4:
      if (const auto server = any(servers_)) server->freeze(world_.between(1s, 60s));
      break;
    case 5:
      if (const auto scheduler = any(schedulers_))
        world_.chance(0.5) ? scheduler->kill() : scheduler->freeze(world_.between(1s, 30s));
      break;
    case 6:
      world_.note("the store is away");
      network_.outage = true;
      operator_->sleep(world_.between(1s, 20s));
      network_.outage = false;
      break;
    case 7:
      world_.note("a clock is stepped");
      if (!machines_.empty())
        world_.step_wall(*world_.one_of(machines_),
                         world_.chance(0.8) ? world_.between(-5s, 5s) : world_.between(-2min, 2min));
      break;
    case 8: (void)(world_.chance(0.5) ? operator_link_->pause(queue) : operator_link_->resume(queue)); break;
    case 9:
    case 10:
      if (!tasks.empty())
        (void)operator_link_->act(std::vector{world_.one_of(tasks)}, static_cast<broker::TaskAction>(world_.below(3)));
      break;
    default:
      if (tasks.empty()) break;
      const broker::CancelRequest request{world_.one_of(tasks), world_.chance(0.3)};
      for (const auto& weak : servers_) {
        const auto server = weak.lock();
        if (server && server->alive()) server->cancel(request);
      }
  }
}

// --------------------------------------------------------------------------------------------------------------- run

void Simulation::look() {
  dirty_ = 0;
  history_.audit(*own_);
}

void Simulation::run_until(Duration steady) {
  while (!world_.failed() && world_.steady() < steady && world_.step()) {
    if (dirty_ >= setup_.audit_every) look();
    if (world_.steps() > kStepsMost) world_.fail("it comes to no end: somebody does the same thing again and again");
  }
}

// Since all is well, every scheduler that lives has seen to every tick.
void Simulation::check_ticks() {
  for (const auto& weak : schedulers_) {
    const auto scheduler = weak.lock();
    if (world_.failed() || !scheduler || !scheduler->alive()) continue;
    const TimePoint to = scheduler->clock().now() - 100ms;
    for (const char* entry : {"often", "unless-running"}) {
      const std::size_t missing = history_.missing_ticks(entry, SchedulerParty::kEvery, to - kTicksWatched, to);
      if (missing > 0)
        world_.fail(std::to_string(missing) + " ticks of " + entry + " were not served although nothing was wrong");
    }
  }
}

std::string Simulation::run() {
  network_.rates = draw_rates(world_);
  keep_fleet();
  operator_->spawn([this] { bring_trouble(); });
  const Duration start = world_.steady();
  run_until(start + kTroubleLasts);

  world_.note("quiet");
  quiet_ = habits_.quick_and_good = true;
  network_ = {};
  for (const std::string& queue : kQueues) (void)operator_link_->resume(queue);
  keep_fleet();
  const Duration end = start + kTroubleLasts + kQuietLasts;
  // Schedulers go on for a while, and are then stopped: with them, there is always something to do.
  run_until(start + kTroubleLasts + kComeRound + kTicksWatched);
  check_ticks();
  for (const auto& weak : schedulers_) {
    if (const auto scheduler = weak.lock()) scheduler->kill();
  }
  while (!world_.failed() && world_.steady() < end && !history_.settled())
    run_until(std::min(end, world_.steady() + 1s));
  if (!world_.failed()) look();
  history_.final_check();
  const std::string report = world_.failed() ? world_.report() : std::string();
  world_.end();
  while (world_.step()) {}
  return report;
}

}  // namespace windlass::sim
