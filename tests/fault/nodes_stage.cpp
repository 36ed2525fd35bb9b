// More than one Redis: a master and its replica behind sentinels, and clusters.
#include <chrono>
#include <stdexcept>
#include <thread>

#include "fault/stage.hpp"
#include "redis/slots.hpp"
#include "support/redis_server.hpp"

namespace windlass::fault {
namespace {

using namespace std::chrono_literals;
using testing::ClusterSetup;
using testing::RedisServer;
using testing::SentinelSetup;

// False if it does not become true within a minute. A node that changes its role may cut the connection that asks.
template <class F>
bool becomes_true(F condition) {
  const auto give_up = std::chrono::steady_clock::now() + 60s;
  while (std::chrono::steady_clock::now() < give_up) {
    try {
      if (condition()) return true;
    } catch (const std::runtime_error&) {}
    std::this_thread::sleep_for(20ms);
  }
  return false;
}

bool is_master(const RedisServer& server) {
  return server.run_text({"INFO", "replication"}).find("role:master") != std::string::npos;
}
bool follows(const RedisServer& server) {
  const std::string info = server.run_text({"INFO", "replication"});
  return info.find("role:slave") != std::string::npos && info.find("master_link_status:up") != std::string::npos;
}

class FailingOver final : public Stage {
 public:
  explicit FailingOver(bool freeze) : freeze_(freeze) { setup_.watch_closely(); }
  std::string url() const override { return setup_.url(); }
  std::string trouble(base::Random&) override {
    RedisServer& master = is_master(setup_.master()) ? setup_.master() : setup_.replica();
    RedisServer& other = &master == &setup_.master() ? setup_.replica() : setup_.master();
    if (freeze_) master.freeze();
    else master.kill();
    const bool changed = becomes_true([&] { return is_master(other); });
    if (freeze_) master.thaw();
    else master.start();
    if (!changed) throw std::runtime_error("the sentinels make no replica the master");
    if (!becomes_true([&] { return follows(master); })) throw std::runtime_error("the former master does not follow");
    return freeze_ ? "fail-over, the master frozen" : "fail-over, the master killed";
  }

 private:
  const bool freeze_;
  SentinelSetup setup_;
};

class ClusterStage final : public Stage {
 public:
  explicit ClusterStage(bool move_slots) : move_slots_(move_slots), setup_({.replicas = !move_slots}) {
    if (!move_slots) setup_.watch_closely();
  }
  std::string url() const override { return setup_.url(); }
  std::string trouble(base::Random& random) override {
    return move_slots_ ? move_slot(random) : kill_master(random);
  }

 private:
  std::string kill_master(base::Random& random) {
    std::size_t i = random.below(6);
    while (!is_master(setup_.node(i))) i = (i + 1) % 6;
    // Its replica: whoever becomes a master now and was none.
    std::vector<std::size_t> others;
    for (std::size_t k = 0; k < 6; ++k) {
      if (k != i && !is_master(setup_.node(k))) others.push_back(k);
    }
    setup_.node(i).kill();
    const bool changed = becomes_true([&] {
      for (const std::size_t k : others) {
        if (is_master(setup_.node(k))) return true;
      }
      return false;
    });
    setup_.node(i).start();
    if (!changed) throw std::runtime_error("no replica takes the place of the master");
    if (!becomes_true([&] { return follows(setup_.node(i)); })) throw std::runtime_error("the former master does not follow");
    return "kill -9 of a master";
  }

  // The slot of one queue goes to the next node, key by key, while tasks come and go.
  std::string move_slot(base::Random& random) {
    static const std::string kQueues[] = {"default", "critical", "low"};
    const std::string key = "asynq:{" + kQueues[random.below(3)] + "}:pending";
    const std::string slot = std::to_string(redis::key_slot(key));
    std::size_t from = 0;
    while (from < 3 && !owns(from, slot)) ++from;
    const std::size_t to = (from + 1) % 3;
    setup_.node(to).run({"CLUSTER", "SETSLOT", slot, "IMPORTING", setup_.id(from)});
    setup_.node(from).run({"CLUSTER", "SETSLOT", slot, "MIGRATING", setup_.id(to)});
    while (true) {
      const redis::Replies keys = setup_.node(from).run({"CLUSTER", "GETKEYSINSLOT", slot, "20"});
      if (keys[0].size() == 0) break;
      std::vector<std::string> move = {"MIGRATE", "127.0.0.1", std::to_string(setup_.node(to).port()), "", "0", "5000", "KEYS"};
      for (const redis::Value one : keys[0]) move.emplace_back(one.text());
      setup_.node(from).run(move);
    }
    for (const std::size_t node : {to, from, 3 - from - to}) setup_.node(node).run({"CLUSTER", "SETSLOT", slot, "NODE", setup_.id(to)});
    return "a slot moved";
  }
  bool owns(std::size_t node, const std::string& slot) {
    return setup_.node(node).run_text({"CLUSTER", "COUNTKEYSINSLOT", slot}) != "" && owner_in_view(slot) == node;
  }
  std::size_t owner_in_view(const std::string& slot) {
    const redis::Replies ranges = setup_.node(0).run({"CLUSTER", "SLOTS"});
    const std::int64_t number = std::stoll(slot);
    for (const redis::Value range : ranges[0]) {
      if (range[0].integer().value_or(-1) > number || range[1].integer().value_or(-1) < number) continue;
      for (std::size_t i = 0; i < 3; ++i) {
        if (std::to_string(setup_.node(i).port()) == std::to_string(range[2][1].integer().value_or(0))) return i;
      }
    }
    throw std::runtime_error("nobody has slot " + slot);
  }

  const bool move_slots_;
  ClusterSetup setup_;
};

}  // namespace

StagePtr failing_over(bool freeze) { return std::make_unique<FailingOver>(freeze); }
StagePtr cluster_of_six_whose_masters_die() { return std::make_unique<ClusterStage>(false); }
StagePtr cluster_that_moves_slots() { return std::make_unique<ClusterStage>(true); }

}  // namespace windlass::fault
