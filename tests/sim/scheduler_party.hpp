// SchedulerParty: a scheduler made of the real role.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "runtime/scheduler_role.hpp"
#include "sim/link.hpp"
#include "sim/party.hpp"

namespace windlass::sim {

// Confined to one thread.
class SchedulerParty final : public Party {
 public:
  static constexpr Duration kEvery = std::chrono::seconds(7);

  SchedulerParty(World& world, std::string scheduler_name, testing::FakeClock& clock,
                 std::shared_ptr<broker::Broker> store, const Network& network)
      : Party(world, std::move(scheduler_name), clock),
        link_(std::make_shared<Link>(std::move(store), world, *this, network)),
        role_(*link_, clock_, {}, runtime::Trouble("scheduler", clock_, base::Random(world.random().next()))) {
    add("often", Overlap::kAllow);
    add("unless-running", Overlap::kSkipIfRunning);
  }

  void start() {
    spawn([this] {
      while (alive()) {
        const TimePoint now = clock_.now();
        const Duration started = clock_.steady();
        const TimePoint next = role_.step(now);
        sleep(started + (next - now) - clock_.steady());
      }
    });
  }

 private:
  void add(const std::string& entry, Overlap overlap) {
    auto plan = runtime::make_entry("@every 7s", Task("tick", Payload(entry), EnqueueOptions().queue("q1")),
                                    EntryOptions(entry).overlap(overlap), "UTC", link_->payload_max());
    if (!plan || !role_.add(*std::move(plan))) world_.fail("no such entry");
  }

  const std::shared_ptr<Link> link_;
  runtime::SchedulerRole role_;
};

}  // namespace windlass::sim
