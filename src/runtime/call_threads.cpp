#include "runtime/call_threads.hpp"

#include <system_error>
#include <utility>

namespace windlass::runtime {

CallThreads::CallThreads() = default;
CallThreads::~CallThreads() { close(); }

void CallThreads::call(std::function<void()> call) {
  base::Lock lock(state_->mu);
  if (state_->idle <= state_->calls.size() && state_->members.size() < kMax) {
    try {
      start_one();
    } catch (const std::system_error&) {
      if (state_->members.empty()) throw;
    }
  }
  state_->calls.push_back(std::move(call));
  state_->changed.notify_one();
}

void CallThreads::start_one() {
  auto member = std::make_shared<Member>();
  member->thread = std::thread([state = state_, member] { loop(*state, *member); });
  state_->members.push_back(std::move(member));
}

void CallThreads::loop(State& state, Member& self) {
  base::Lock lock(state.mu);
  for (;;) {
    self.busy = false;
    ++state.idle;
    while (state.calls.empty() && !state.closed) state.changed.wait(state.mu);
    --state.idle;
    if (state.calls.empty()) return;
    self.busy = true;
    const std::function<void()> call = std::move(state.calls.front());
    state.calls.pop_front();
    lock.unlock();
    call();
    lock.lock();
  }
}

void CallThreads::close() {
  std::vector<std::shared_ptr<Member>> members;
  std::vector<bool> busy;
  {
    base::Lock lock(state_->mu);
    state_->closed = true;
    state_->changed.notify_all();
    members.swap(state_->members);
    for (const auto& member : members) busy.push_back(member->busy);
  }
  for (std::size_t i = 0; i < members.size(); ++i) busy[i] ? members[i]->thread.detach() : members[i]->thread.join();
}

}  // namespace windlass::runtime
