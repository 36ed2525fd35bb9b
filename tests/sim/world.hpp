// World: one simulated run: its time, its randomness, what goes on in it, and what was seen to go wrong.
//
// Everything that happens is a piece of a fiber: from one sleep to the next. The world resumes one at a time, in the
// order of their times, and draws lots where these are equal. So a run is a function of its seed.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <windlass/time.hpp>

#include "base/random.hpp"
#include "sim/fiber.hpp"
#include "support/fake_clock.hpp"

namespace windlass::sim {

// Ends the sleep of the one who sleeps on it, or the next one.
class Bell {
 private:
  friend class World;
  bool rung_ = false;
  std::function<void()> wake_;
};

// Confined to one thread.
class World {
 public:
  explicit World(std::uint64_t seed);
  ~World();

  // -- chance
  base::Random& random() { return random_; }
  bool chance(double probability) { return random_.unit() < probability; }
  std::size_t below(std::size_t bound) { return static_cast<std::size_t>(random_.below(bound)); }
  // Evenly in [from, to].
  Duration between(Duration from, Duration to);
  template <class T>
  const T& one_of(const std::vector<T>& values) {
    return values[below(values.size())];
  }

  // -- time
  Duration steady() const { return clock_.steady(); }
  // The clock of the store's machine.
  testing::FakeClock& clock() { return clock_; }
  // A clock of another machine, `ahead` of that one. It lives as long as the world.
  testing::FakeClock& make_clock(Duration ahead = Duration::zero());
  // Of the wall clocks: the least that one shows now, and the greatest that one ever showed.
  TimePoint least_now() const;
  TimePoint greatest_ever() const { return greatest_ever_; }
  void step_wall(testing::FakeClock& clock, Duration by);

  // -- who is well
  // The party cannot do its part until then: it is frozen, or a call of it is slow or gets no answer.
  void trouble(const std::string& party, Duration until);
  // When the last trouble of the party ended, or will.
  Duration trouble_until(const std::string& party) const;

  // -- what happens
  void spawn(std::function<void()> body, Duration in = Duration::zero());
  // For the fiber that runs now. In a world that ends, sleeps return at once.
  void sleep(Duration length);
  void sleep(Duration length, Bell& bell);
  void ring(Bell& bell);
  // Resumes the next fiber; time moves to when it wanted to go on. False if there is none.
  bool step();
  std::uint64_t steps() const { return steps_; }
  // The run is over: everybody is to come to an end.
  void end();
  bool ending() const { return ending_; }

  // -- what was seen
  void note(std::string text);
  // The first is kept.
  void fail(std::string why);
  bool failed() const { return !failure_.empty(); }
  // What went wrong, and the last things that happened before.
  std::string report() const;
  // Of everything noted so far.
  std::uint64_t fingerprint() const { return fingerprint_; }

 private:
  using Key = std::pair<Duration, std::uint64_t>;  // when, and lots

  Key add(Duration at, std::shared_ptr<Fiber> fiber);
  void move_to(Duration at);
  void note_clocks();

  base::Random random_;
  testing::FakeClock clock_;
  std::vector<std::unique_ptr<testing::FakeClock>> clocks_;
  TimePoint greatest_ever_;
  std::map<std::string, Duration> trouble_until_;
  std::map<Key, std::shared_ptr<Fiber>> waiting_;
  std::shared_ptr<Fiber> current_;
  std::uint64_t steps_ = 0;
  bool ending_ = false;
  std::deque<std::string> notes_;
  std::string failure_;
  std::uint64_t fingerprint_ = 0;
};

}  // namespace windlass::sim
