// Waiters and cancel feeds. A wait that should end is given an hour on a clock that nobody moves: only its signal ends it.
#include <atomic>
#include <future>
#include <thread>

#include "conformance/fixture.hpp"

namespace windlass::conformance {
namespace {

using ::testing::IsEmpty;

// Fails the test, and wakes whoever waits, if it lives for 50 s of real time: a signal was lost.
template <class Wakeable>
class Patience {
 public:
  explicit Patience(Wakeable& sleeper)
      : thread_([this, &sleeper, ended = ended_.get_future()] {
          if (ended.wait_for(50s) == std::future_status::ready) return;
          over_ = true;
          sleeper.wake();
        }) {}
  ~Patience() {
    ended_.set_value();
    thread_.join();
    EXPECT_FALSE(over_) << "the signal that ends this wait did not come";
  }

  bool over() const { return over_; }

 private:
  std::promise<void> ended_;
  std::atomic<bool> over_ = false;
  std::thread thread_;
};

class Waiting : public Conformance {
 protected:
  TimePoint hour() const { return clock_.now() + 1h; }

  // A wait that a signal ends.
  void expect_signal(Waiter& waiter) {
    const Patience patience(waiter);
    waiter.wait(hour());
  }
  std::vector<CancelRequest> expect_requests(CancelFeed& feed) {
    const Patience patience(feed);
    return get(feed.wait(hour()));
  }
  // Waits in a thread of its own until `waiter` comes back, while `act` is carried out in this one.
  template <class Act>
  void expect_woken_by(Waiter& waiter, const Act& act) {
    expect_end_of_wait(waiter, hour(), act);
  }
  template <class Act>
  void expect_end_of_wait(Waiter& waiter, TimePoint until, const Act& act) {
    const Patience patience(waiter);
    std::thread thread([&] { waiter.wait(until); });
    act();
    thread.join();
  }
  std::unique_ptr<Waiter> pending_waiter(std::vector<std::string> queues = {"q"}) {
    return broker_->make_waiter(std::move(queues), WaitFor::kPending);
  }
  std::unique_ptr<Waiter> due_waiter(std::vector<std::string> queues = {"q"}) {
    return broker_->make_waiter(std::move(queues), WaitFor::kDue);
  }
};
WINDLASS_FOR_EACH_BROKER(Waiting, rows());

TEST_P(Waiting, AnEnqueueEndsTheWait) {
  const auto waiter = pending_waiter();
  expect_woken_by(*waiter, [&] { put_all({"a"}); });
}

TEST_P(Waiting, ASignalBeforeTheWaitIsRemembered) {
  const auto waiter = pending_waiter();
  put_all({"a"});
  expect_signal(*waiter);
}

TEST_P(Waiting, AnyOfManyQueuesEndsTheWaitAlsoOneThatComesLater) {
  std::vector<std::string> names;
  for (int i = 0; i < 100; ++i) names.push_back("queue-" + std::to_string(i));
  const auto waiter = pending_waiter(names);
  expect_woken_by(*waiter, [&] { put_all({"a"}, "queue-99"); });
  expect_woken_by(*waiter, [&] { put_all({"a"}, "queue-0"); });
}

TEST_P(Waiting, EverythingThatMakesATaskPendingEndsTheWait) {
  put(delayed("due", 1s));
  put(grouped("g"));
  put_in_state("archived", TaskState::kArchived);
  put_in_state("retry", TaskState::kRetry);
  put_all({"a", "b"});
  const auto running = fetch(2, "q", "s", 2s);
  clock_.advance(1s);

  const auto waiter = pending_waiter();
  forward();
  expect_signal(*waiter);
  finish(running[0], FinishKind::kRequeue);
  expect_signal(*waiter);
  act("archived", TaskAction::kRun);
  expect_signal(*waiter);
  get(broker_->bulk({.filter = {.queue = "q", .state = TaskState::kRetry}, .action = TaskAction::kRun}));
  expect_signal(*waiter);
  clock_.advance(1s);
  get(broker_->recover({.queues = {"q"}}));
  expect_signal(*waiter);
  const auto set = get(broker_->take_group("q", {.grace = 0s}, 1min));
  const NewTask aggregate = plain("sum");
  get(broker_->finish_group(*set, &aggregate));
  expect_signal(*waiter);
  get(broker_->pause("q"));
  get(broker_->resume("q"));
  expect_signal(*waiter);
}

TEST_P(Waiting, AnEarlierDueTimeEndsAWaitForIt) {
  put(delayed("late", 30min));
  const auto waiter = due_waiter();
  expect_woken_by(*waiter, [&] { put(delayed("sooner", 10min)); });
  put_all({"a", "b"});
  const auto running = fetch(2);
  fail(running[0], 5min);
  expect_signal(*waiter);
  finish(Finish{.lease = lease_of(running[1]), .kind = FinishKind::kSnooze, .at = clock_.now() + 1min});
  expect_signal(*waiter);
}

TEST_P(Waiting, AWaitEndsWhenItsTimeComes) {
  const auto waiter = pending_waiter();
  waiter->wait(clock_.now());
  waiter->wait(clock_.now() - 1h);
  const TimePoint until = clock_.now() + 10s;
  expect_end_of_wait(*waiter, until, [&] { clock_.advance(10s); });
}

TEST_P(Waiting, AWaitEndsWhenTheWallClockIsSteppedPastItsTime) {
  const auto waiter = pending_waiter();
  const TimePoint until = clock_.now() + 10h;
  expect_end_of_wait(*waiter, until, [&] { clock_.step_wall(24h); });
}

TEST_P(Waiting, WakeEndsTheWaitBeforeOrDuringIt) {
  const auto waiter = pending_waiter();
  waiter->wake();
  expect_signal(*waiter);
  expect_woken_by(*waiter, [&] { waiter->wake(); });
}

TEST_P(Waiting, EveryWaiterOfAQueueIsWoken) {
  const auto first = pending_waiter(), second = pending_waiter({"other", "q"});
  put_all({"a"});
  expect_signal(*first);
  expect_signal(*second);
}

TEST_P(Waiting, NoSignalIsLostBetweenManyEnqueuersAndOneWaiter) {
  constexpr int kThreads = 3, kEach = 200;
  const auto waiter = pending_waiter();
  std::vector<std::thread> enqueuers;
  for (int t = 0; t < kThreads; ++t) {
    enqueuers.emplace_back([&, t] {
      for (int i = 0; i < kEach; ++i) {
        const NewTask task = plain(std::to_string(t) + "-" + std::to_string(i));
        get(broker_->enqueue(std::span(&task, 1)));
      }
    });
  }
  const Patience patience(*waiter);
  std::size_t found = 0;
  while (found < kThreads * kEach && !patience.over()) {
    const std::size_t n = fetch(50).size();
    found += n;
    if (n == 0 && found < kThreads * kEach) waiter->wait(hour());
  }
  for (std::thread& thread : enqueuers) thread.join();
  EXPECT_EQ(found, static_cast<std::size_t>(kThreads * kEach));
}

TEST_P(Waiting, ACancelRequestReachesEveryFeedOnce) {
  const auto first = broker_->make_cancel_feed(), second = broker_->make_cancel_feed();
  const CancelRequest request{{"q", "a"}, true};
  get(broker_->cancel(std::span(&request, 1)));
  for (CancelFeed* feed : {first.get(), second.get()}) {
    const auto requests = expect_requests(*feed);
    ASSERT_EQ(requests.size(), 1u);
    EXPECT_EQ(requests[0].task, (TaskRef{"q", "a"}));
    EXPECT_TRUE(requests[0].for_good);
    EXPECT_THAT(get(feed->wait(clock_.now())), IsEmpty());
  }
}

TEST_P(Waiting, CancelRequestsComeInTheirOrderAndNoneIsLost) {
  const auto feed = broker_->make_cancel_feed();
  std::thread asker([&] {
    for (int i = 0; i < 50; ++i) {
      const std::vector<CancelRequest> two{{{"q", std::to_string(2 * i)}}, {{"q", std::to_string(2 * i + 1)}}};
      get(broker_->cancel(two));
    }
  });
  const Patience patience(*feed);
  std::vector<std::string> found;
  while (found.size() < 100 && !patience.over()) {
    for (const CancelRequest& request : get(feed->wait(hour()))) found.push_back(request.task.id);
  }
  asker.join();
  for (std::size_t i = 0; i < found.size(); ++i) EXPECT_EQ(found[i], std::to_string(i));
}

TEST_P(Waiting, ARequestMadeBeforeAFeedExistedIsNotForIt) {
  const CancelRequest request{{"q", "a"}};
  get(broker_->cancel(std::span(&request, 1)));
  const auto feed = broker_->make_cancel_feed();
  EXPECT_THAT(get(feed->wait(clock_.now())), IsEmpty());
}

TEST_P(Waiting, CancellingAsksForNoTaskAndNoQueueToExist) {
  get(broker_->cancel({}));
  const CancelRequest request{{"", "any queue"}};
  const auto feed = broker_->make_cancel_feed();
  get(broker_->cancel(std::span(&request, 1)));
  const auto requests = expect_requests(*feed);
  ASSERT_EQ(requests.size(), 1u);
  EXPECT_EQ(requests[0].task.queue, "");
  EXPECT_FALSE(requests[0].for_good);
  EXPECT_THAT(get(broker_->queues()), IsEmpty());
}

TEST_P(Waiting, WakeAndTimeEndTheWaitOfAFeed) {
  const auto feed = broker_->make_cancel_feed();
  feed->wake();
  EXPECT_THAT(expect_requests(*feed), IsEmpty());
  const TimePoint until = clock_.now() + 10s;
  const Patience patience(*feed);
  std::thread thread([&] { EXPECT_THAT(get(feed->wait(until)), IsEmpty()); });
  clock_.advance(10s);
  thread.join();
}

TEST_P(Waiting, WaitersAndFeedsMayOutliveTheirTurn) {
  auto waiter = pending_waiter();
  auto feed = broker_->make_cancel_feed();
  waiter.reset();
  feed.reset();
  put_all({"a"});
  const CancelRequest request{{"q", "a"}};
  get(broker_->cancel(std::span(&request, 1)));
  EXPECT_EQ(state("a"), TaskState::kPending);
}

}  // namespace
}  // namespace windlass::conformance
