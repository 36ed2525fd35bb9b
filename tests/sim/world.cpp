#include "sim/world.hpp"

#include <algorithm>
#include <cstdio>

namespace windlass::sim {
namespace {

constexpr std::size_t kNotesKept = 60;

}  // namespace

World::World(std::uint64_t seed) : random_(seed) { note_clocks(); }

World::~World() {
  end();
  while (step()) {}
}

Duration World::between(Duration from, Duration to) {
  return from +
         Duration(static_cast<Duration::rep>(random_.below(static_cast<std::uint64_t>((to - from).count()) + 1)));
}

// -------------------------------------------------------------------------------------------------------------- time

testing::FakeClock& World::make_clock(Duration ahead) {
  auto& clock = *clocks_.emplace_back(std::make_unique<testing::FakeClock>());
  clock.advance(clock_.steady() - clock.steady());
  step_wall(clock, ahead);
  return clock;
}

void World::step_wall(testing::FakeClock& clock, Duration by) {
  clock.step_wall(by);
  note_clocks();
}

void World::note_clocks() {
  greatest_ever_ = std::max(greatest_ever_, clock_.now());
  for (const auto& clock : clocks_) greatest_ever_ = std::max(greatest_ever_, clock->now());
}

TimePoint World::least_now() const {
  TimePoint least = clock_.now();
  for (const auto& clock : clocks_) least = std::min(least, clock->now());
  return least;
}

void World::move_to(Duration at) {
  const Duration by = at - clock_.steady();
  if (by <= Duration::zero()) return;
  clock_.advance(by);
  for (const auto& clock : clocks_) clock->advance(by);
  note_clocks();
}

// ------------------------------------------------------------------------------------------------------- who is well

void World::trouble(const std::string& party, Duration until) {
  Duration& last = trouble_until_[party];
  last = std::max(last, until);
}

Duration World::trouble_until(const std::string& party) const {
  const auto found = trouble_until_.find(party);
  return found == trouble_until_.end() ? Duration::zero() : found->second;
}

// ----------------------------------------------------------------------------------------------------- what happens

World::Key World::add(Duration at, std::shared_ptr<Fiber> fiber) {
  const Key key{std::max(at, steady()), random_.next()};
  waiting_.emplace(key, std::move(fiber));
  return key;
}

void World::spawn(std::function<void()> body, Duration in) {
  if (!ending_) add(steady() + in, std::make_shared<Fiber>(std::move(body)));
}

void World::sleep(Duration length) {
  if (ending_) return;
  add(steady() + std::max(length, Duration::zero()), current_);
  Fiber::pause();
}

void World::sleep(Duration length, Bell& bell) {
  if (bell.rung_) length = Duration::zero();
  bell.rung_ = false;
  if (ending_) return;
  const Key key = add(steady() + std::max(length, Duration::zero()), current_);
  bell.wake_ = [this, key] {
    const auto place = waiting_.find(key);
    if (place == waiting_.end()) return;
    auto fiber = std::move(place->second);
    waiting_.erase(place);
    add(steady(), std::move(fiber));
  };
  Fiber::pause();
  bell.wake_ = nullptr;
  bell.rung_ = false;
}

void World::ring(Bell& bell) {
  bell.rung_ = true;
  if (bell.wake_) std::exchange(bell.wake_, nullptr)();
}

bool World::step() {
  if (waiting_.empty()) return false;
  const auto first = waiting_.begin();
  const Duration at = first->first.first;
  current_ = std::move(first->second);
  waiting_.erase(first);
  if (!ending_) move_to(at);
  ++steps_;
  current_->resume();
  current_.reset();
  return true;
}

void World::end() { ending_ = true; }

// ----------------------------------------------------------------------------------------------------- what was seen

void World::note(std::string text) {
  if (failed()) return;
  for (const char c : text) fingerprint_ = fingerprint_ * 1099511628211u + static_cast<unsigned char>(c);
  char when[32];
  std::snprintf(when, sizeof when, "%10.3f s  ",
                std::chrono::duration<double>(steady() - std::chrono::hours(1)).count());
  notes_.push_back(when + std::move(text));
  if (notes_.size() > kNotesKept) notes_.pop_front();
}

void World::fail(std::string why) {
  if (!failed()) failure_ = std::move(why);
}

std::string World::report() const {
  std::string text = failure_ + "\nwhat happened before:\n";
  for (const std::string& line : notes_) text += "  " + line + '\n';
  return text;
}

}  // namespace windlass::sim
