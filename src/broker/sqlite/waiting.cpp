#include "broker/sqlite/waiting.hpp"

#include <utility>

namespace windlass::broker {

BellSleeper::BellSleeper(base::Clock& clock, std::shared_ptr<SideFile> file, std::uint32_t bits)
    : clock_(clock), bell_(std::move(file), bits) {
  clock_listener_ = clock.add_listener([this] {
    clock_jumped_.store(true);
    bell_.nudge();
  });
}

BellSleeper::~BellSleeper() = default;

void BellSleeper::sleep_until(TimePoint until) {
  while (true) {
    // The mark first: what happens after it ends the sleep at once.
    const std::uint32_t mark = bell_.mark();
    const bool rung = bell_.take_ring();
    if (woken_.exchange(false) || rung) return;
    const Duration slice = clock_.sleep_slice(until);
    if (slice <= Duration::zero()) return;
    const TimePoint before = clock_.now();
    bell_.sleep(mark, slice);
    // Nudged by somebody else's clock or wake(), or the slice is over: only the latter ends the sleep.
    if (!clock_jumped_.exchange(false) && clock_.now() - before >= slice) {
      bell_.take_ring();
      return;
    }
  }
}

void BellSleeper::wake() {
  woken_.store(true);
  bell_.nudge();
}

namespace {

std::uint32_t bits_for(const std::vector<std::string>& queues, WaitFor what) {
  std::uint32_t bits = 0;
  for (const std::string& queue : queues) bits |= what == WaitFor::kPending ? bell_pending(queue) : bell_due(queue);
  return bits;
}

class BellWaiter final : public Waiter {
 public:
  BellWaiter(base::Clock& clock, std::shared_ptr<SideFile> file, std::uint32_t bits)
      : sleeper_(clock, std::move(file), bits) {}

  void wait(TimePoint until) override { sleeper_.sleep_until(until); }
  void wake() override { sleeper_.wake(); }

 private:
  BellSleeper sleeper_;
};

class BellFeed final : public CancelFeed {
 public:
  using Read = std::function<Result<std::vector<CancelRequest>>()>;

  BellFeed(base::Clock& clock, std::shared_ptr<SideFile> file, Read read)
      : sleeper_(clock, std::move(file), kBellCancel), read_(std::move(read)) {}

  Result<std::vector<CancelRequest>> wait(TimePoint until) override {
    sleeper_.sleep_until(until);
    return read_();
  }
  void wake() override { sleeper_.wake(); }

 private:
  BellSleeper sleeper_;
  Read read_;
};

}  // namespace

std::unique_ptr<Waiter> make_bell_waiter(base::Clock& clock, std::shared_ptr<SideFile> file,
                                         const std::vector<std::string>& queues, WaitFor what) {
  return std::make_unique<BellWaiter>(clock, std::move(file), bits_for(queues, what));
}

std::unique_ptr<CancelFeed> make_bell_feed(base::Clock& clock, std::shared_ptr<SideFile> file,
                                           std::function<Result<std::vector<CancelRequest>>()> read) {
  return std::make_unique<BellFeed>(clock, std::move(file), std::move(read));
}

}  // namespace windlass::broker
