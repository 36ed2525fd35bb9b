#include "sim/server_party.hpp"

#include <algorithm>

#include <windlass/coroutine.hpp>

#include "runtime/aggregator.hpp"
#include "runtime/forwarder.hpp"
#include "runtime/janitor.hpp"
#include "runtime/recoverer.hpp"

namespace windlass::sim {

using namespace std::chrono_literals;

namespace {

std::vector<std::string> names(const ServerConfig& config) {
  std::vector<std::string> result;
  for (const auto& [name, weight] : config.queues) result.push_back(name);
  return result;
}

// A role that wants to run on at once lets others come first. Also, a store that is not in the role's process has
// another clock, by which what is due may not be due yet.
constexpr Duration kYield = 20ms;

// All handlers are coroutine handlers, as those are taken from the work queue without blocking. This one is never
// called; the types of all tasks begin with its pattern.
Mux make_mux() {
  Mux mux;
  mux.handle("t", [](Context&) -> Async<Outcome> { co_return Outcome::done(); });
  return mux;
}

runtime::HeartbeatPlan heartbeat_plan(const std::string& id, const ServerConfig& config) {
  runtime::HeartbeatPlan plan;
  plan.info.id = id;
  plan.info.queues = config.queues;
  plan.lease = config.lease;
  plan.liveness = config.liveness;
  return plan;
}

}  // namespace

ServerParty::ServerParty(World& world, std::string server_name, testing::FakeClock& clock,
                         std::shared_ptr<broker::Broker> store, const Network& network, const HandlerHabits& habits,
                         History& history, ServerConfig config)
    : Party(world, std::move(server_name), clock),
      history_(history),
      habits_(habits),
      config_(std::move(config)),
      link_(std::make_shared<Link>(std::move(store), world, *this, network)),
      mux_(make_mux()),
      handlers_(mux_),
      hooks_(config_),
      queue_(clock_, static_cast<std::size_t>(config_.concurrency), static_cast<std::size_t>(config_.prefetch_max),
             [](std::size_t) { return false; }),
      finisher_(*link_, clock_, random(), table_, counters_),
      watchdog_(slots_, clock_, counters_),
      tools_{mux_,
             handlers_,
             hooks_,
             run_metrics_,
             queue_,
             slots_,
             finisher_,
             table_,
             clock_,
             [this] { world_.ring(watchdog_bell_); },
             config_.expired,
             config_.crash_limit},
      steps_(tools_, random()),
      heartbeat_(*link_, clock_, heartbeat_plan(name(), config_), table_, slots_, trouble("heartbeat"),
                 counters_),
      fetcher_(*link_, clock_, random(), {name(), config_.lease, config_.queues, config_.strict_priority}, mux_, queue_,
               table_, finisher_, counters_),
      canceller_(*link_, clock_, table_, tools_.wake_watchdog, trouble("canceller"), counters_) {
  loop_ = queue_.add_loop([this] { world_.ring(executor_bell_); });
}

void ServerParty::add_roles() {
  const std::vector<std::string> queues = names(config_);
  const auto add = [&](auto role) { roles_.emplace_back(std::move(role), Bell()); };
  add(std::make_unique<runtime::Recoverer>(*link_, queues, config_.crash_limit, trouble("recoverer"), counters_));
  add(std::make_unique<runtime::Forwarder>(*link_, queues, trouble("forwarder")));
  broker::CleanRequest clean{.queues = queues,
                             .max = static_cast<std::size_t>(config_.janitor_batch),
                             .archive_max = static_cast<std::size_t>(config_.archive_max),
                             .archive_age = config_.archive_age};
  add(std::make_unique<runtime::Janitor>(*link_, std::move(clean), config_.janitor_interval, trouble("janitor")));
  const broker::AggregationRules rules{config_.group_grace_period, config_.group_max_delay,
                                       static_cast<std::size_t>(config_.group_max_size)};
  add(std::make_unique<runtime::GroupAggregator>(*link_, clock_, queues, rules, hooks_, trouble("aggregator")));
}

// ------------------------------------------------------------------------------------------------------------- start

void ServerParty::start() {
  add_roles();
  spawn([this] { announce(); });
}

void ServerParty::announce() {
  while (alive() && !heartbeat_.announce()) sleep(1s);
  if (!alive()) return;
  world_.note(name() + " serves");
  spawn([this] { run_role(heartbeat_, heartbeat_bell_); });
  spawn([this] { run_role(watchdog_, watchdog_bell_); });
  for (auto& [role, bell] : roles_) spawn([this, role = role.get(), &bell = bell] { run_role(*role, bell); });
  spawn([this] { run_fetcher(); });
  spawn([this] { run_finisher(); });
  spawn([this] { run_executor(); });
  spawn([this] { wait_for_stop(); });
}

void ServerParty::ring() {
  world_.ring(news_);
  for (auto& [role, bell] : roles_) {
    if (role->name() == "forwarder") world_.ring(bell);
  }
}

void ServerParty::cancel(const broker::CancelRequest& request) { canceller_.carry_out({&request, 1}); }

// As RoleThread.
void ServerParty::run_role(runtime::Role& role, Bell& bell) {
  while (alive() && !roles_stop_) {
    const TimePoint now = clock_.now();
    const Duration started = clock_.steady();
    const TimePoint next = role.step(now);
    sleep(std::max<Duration>(started + (next - now) - clock_.steady(), kYield), bell);
  }
}

// ----------------------------------------------------------------------------------------------------------- fetcher

void ServerParty::run_fetcher() {
  while (alive() && !stop_asked_) {
    const std::size_t room = queue_.room();
    const runtime::Fetcher::Rest rest = fetcher_.fetch(room);
    if (room == 0) {
      sleep(runtime::WorkQueue::kStalledAfter, news_);
    } else if (rest.at_most > Duration::zero()) {
      rest.ends_with_news ? sleep(rest.at_most, news_) : sleep(rest.at_most);
    }
    fetcher_.give_back_stalled();
    world_.ring(finisher_bell_);
  }
  fetcher_done_ = true;
}

// ---------------------------------------------------------------------------------------------------------- finisher

void ServerParty::run_finisher() {
  while (alive()) {
    const std::optional<Duration> wait = finisher_.step();
    if (!wait) break;
    if (*wait > Duration::zero()) sleep(*wait, finisher_bell_);
  }
  finisher_done_ = true;
}

// ---------------------------------------------------------------------------------------------------------- executor

void ServerParty::run_executor() {
  while (alive()) {
    std::vector<runtime::TaskRun*> runs;
    end_due();
    const bool open = queue_.take_many(loop_, std::exchange(took_, {}), 8, runs);
    for (runtime::TaskRun* run : runs) begin(*run);
    world_.ring(finisher_bell_);
    if (!open && running_.empty()) return;
    if (runs.empty() && took_.empty()) sleep(until_next_end(), executor_bell_);
  }
}

void ServerParty::begin(runtime::TaskRun& run) {
  if (free_slots_.empty()) free_slots_.push_back(&slots_.add());
  runtime::Slot* const slot = free_slots_.back();
  const std::optional<Duration> began = steps_.begin(*slot, run);
  if (!began) {
    took_.push_back(Duration::zero());
    return;
  }
  free_slots_.pop_back();
  if (run.stop_reason() != StopReason::kNone) {
    running_.push_back({&run, slot, *began, *began, runtime::stopped_before_start(), false});
    return;
  }
  history_.run_started(run.lease(), name(), run.message().expires_at, clock_.now());
  if (world_.chance(0.1)) run.set_progress(50, "half");
  running_.push_back({&run, slot, *began, *began + draw_length(), draw_outcome(), world_.chance(0.3)});
}

Outcome ServerParty::draw_outcome() {
  if (habits_.quick_and_good) return Outcome::done();
  switch (world_.below(10)) {
    case 0:
    case 1: return Outcome::fail("failed");
    case 2: return Snooze(world_.between(0s, 10s));
    case 3: return world_.chance(0.5) ? Outcome(SkipRetry("for good")) : Outcome(RevokeTask());
    default: return Outcome::done();
  }
}

Duration ServerParty::draw_length() {
  if (habits_.quick_and_good || world_.chance(0.5)) return world_.between(0s, 5ms);
  return world_.chance(0.8) ? world_.between(0s, 3s) : world_.between(0s, 60s);
}

void ServerParty::end_due() {
  const Duration now = clock_.steady();
  for (std::size_t i = 0; i < running_.size();) {
    Running& r = running_[i];
    const bool gone = runtime::Slots::abandoned(*r.slot);
    const bool told = !gone && r.run->stop_reason() != StopReason::kNone;
    if (!gone && now < r.until && !(told && !r.deaf)) {
      ++i;
      continue;
    }
    if (!gone) {
      const Outcome outcome = told && !r.deaf ? Outcome::fail("told to stop") : r.outcome;
      history_.run_ended(r.run->lease(), outcome.kind());
      const auto took = steps_.end(*r.slot, *r.run, {outcome}, r.began);
      if (took) {
        took_.push_back(*took);
        free_slots_.push_back(r.slot);
      }
    }
    running_.erase(running_.begin() + static_cast<std::ptrdiff_t>(i));
  }
}

// Handlers look at their stop token a few times a second.
Duration ServerParty::until_next_end() const {
  Duration wait = running_.empty() ? Duration(1h) : Duration(300ms);
  for (const Running& r : running_) wait = std::min(wait, r.until - clock_.steady());
  return wait;
}

// -------------------------------------------------------------------------------------------------------------- stop

bool ServerParty::wait_until_outstanding(std::size_t count, Duration at_most) {
  const Duration until = clock_.steady() + at_most;
  while (alive() && running_.size() > count && clock_.steady() < until) sleep(20ms);
  return running_.size() <= count;
}

// In the order of ServerRuntime::stop().
void ServerParty::wait_for_stop() {
  while (alive() && !stop_asked_) sleep(200ms);
  world_.ring(news_);
  while (alive() && !fetcher_done_) sleep(20ms);
  if (!alive()) return;
  world_.note(name() + " stops");
  fetcher_.stop();
  heartbeat_.set_status("closed");
  world_.ring(heartbeat_bell_);
  if (!wait_until_outstanding(0, config_.shutdown_timeout)) {
    for (std::stop_source& source : slots_.tell_all(StopReason::kShutdown, clock_.steady())) source.request_stop();
    if (!wait_until_outstanding(0, 500ms)) {
      for (const broker::LeaseRef& lease : slots_.abandon_all()) {
        broker::Finish finish;
        finish.lease = lease;
        finish.kind = broker::FinishKind::kRequeue;
        finisher_.submit({std::move(finish), nullptr});
      }
      fetcher_.give_back(queue_.take_all());
    }
  }
  queue_.close();
  world_.ring(executor_bell_);
  finisher_.close(5s);
  world_.ring(finisher_bell_);
  while (alive() && !finisher_done_) sleep(20ms);
  roles_stop_ = true;
  if (alive()) (void)heartbeat_.sign_off();
  kill();
}

}  // namespace windlass::sim
