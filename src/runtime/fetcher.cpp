#include "runtime/fetcher.hpp"

#include <utility>
#include <vector>

namespace windlass::runtime {
namespace {

// A wake-up that a store fails to give costs so much delay at worst.
constexpr Duration kLongestWait = std::chrono::seconds(5);

// So often it is looked whether the store was told again that this server is alive.
constexpr Duration kUntilAlive = std::chrono::milliseconds(100);

std::vector<std::string> names(const std::map<std::string, int>& queues) {
  std::vector<std::string> result;
  for (const auto& [name, weight] : queues) result.push_back(name);
  return result;
}

}  // namespace

Fetcher::Fetcher(broker::Broker& broker, base::Clock& clock, base::Random random, FetchPlan plan, const Mux& mux,
                 WorkQueue& queue, RunTable& table, Finisher& finisher, Counters& counters)
    : broker_(broker),
      clock_(clock),
      plan_(std::move(plan)),
      mux_(mux),
      any_async_(mux.has_async()),
      queue_(queue),
      table_(table),
      finisher_(finisher),
      counters_(counters),
      waiter_(broker.make_waiter(names(plan_.queues), broker::WaitFor::kPending)),
      alarm_(clock),
      picker_(plan_.queues, plan_.strict, base::Random(random.next())),
      trouble_("fetching of tasks", clock, random) {}

Fetcher::~Fetcher() { stop(); }

void Fetcher::start() {
  thread_ = std::thread([this] { loop(); });
}

void Fetcher::stop() {
  stopping_ = true;
  queue_.stop_fetching();
  waiter_->wake();
  alarm_.wake();
  if (thread_.joinable()) thread_.join();
  give_back(queue_.take_back());
}

void Fetcher::loop() {
  while (!stopping_) {
    rest(fetch(queue_.wait_for_room()));
    give_back_stalled();
  }
}

void Fetcher::rest(const Rest& rest) {
  if (stopping_ || rest.at_most <= Duration::zero()) return;
  if (rest.ends_with_news) {
    waiter_->wait(clock_.now() + rest.at_most);
  } else {
    alarm_.sleep_for(rest.at_most);
  }
}

Fetcher::Rest Fetcher::fetch(std::size_t room) {
  if (room == 0) return {};
  // Others would take the tasks away at once, and none could be begun.
  if (!table_.alive(clock_.steady())) return {kUntilAlive, false};
  broker::FetchRequest request{.max = room, .owner = plan_.owner, .lease = plan_.lease};
  for (const core::QueuePicker::Share& share : picker_.pick(room)) request.queues.push_back({share.queue, share.share});
  const Duration leased_until = clock_.steady() + plan_.lease;
  table_.fetch_begins();
  auto tasks = broker_.fetch(request);
  if (!tasks) {
    table_.fetch_ends({}, {}, {});
    return {trouble_.failed(tasks.error()), false};
  }
  trouble_.ended();
  const bool any = !tasks->empty();
  take_over(std::move(*tasks), leased_until);
  if (any) return {};
  return {queue_.has_ready() ? WorkQueue::kStalledAfter : kLongestWait, true};
}

void Fetcher::give_back_stalled() { give_back(queue_.take_stalled()); }

void Fetcher::take_over(std::vector<broker::FetchedTask> tasks, Duration leased_until) {
  std::vector<std::unique_ptr<TaskRun>> owned;
  std::vector<TaskRun*> runs;
  owned.reserve(tasks.size());
  runs.reserve(tasks.size());
  for (broker::FetchedTask& task : tasks) {
    const bool on_loop = any_async_ && mux_.is_async(task.message.type);
    owned.push_back(std::make_unique<TaskRun>(std::move(task), next_serial_++, finisher_, on_loop));
    runs.push_back(owned.back().get());
  }
  counters_.cancelled.add(table_.fetch_ends(std::move(owned), leased_until, clock_.steady()));
  if (runs.empty()) return;
  counters_.fetched.add(runs.size());
  queue_.push(runs);
}

// Last ones first: each becomes the next to run, so that in the end they stand as they did.
void Fetcher::give_back(std::span<TaskRun* const> runs) {
  for (std::size_t i = runs.size(); i-- > 0;) {
    broker::Finish finish;
    finish.lease = runs[i]->lease();
    finish.kind = broker::FinishKind::kRequeue;
    finisher_.submit({std::move(finish), runs[i]});
  }
}

}  // namespace windlass::runtime
