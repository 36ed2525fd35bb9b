#include "fault/stage.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cctype>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <thread>

#include "redis/slots.hpp"
#include "support/redis_server.hpp"
#include "support/tcp_proxy.hpp"

namespace windlass::fault {
namespace {

using namespace std::chrono_literals;
using testing::ClusterSetup;
using testing::RedisServer;
using testing::SentinelSetup;
using testing::TcpProxy;
using testing::TempDir;

void let_pass(base::Random& random, int from_ms, int to_ms) {
  std::this_thread::sleep_for(std::chrono::milliseconds(from_ms + static_cast<int>(random.below(static_cast<std::uint64_t>(to_ms - from_ms)))));
}

// False if it does not become true within a minute.
template <class F>
bool becomes_true(F condition) {
  const auto give_up = std::chrono::steady_clock::now() + 60s;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > give_up) return false;
    std::this_thread::sleep_for(20ms);
  }
  return true;
}

// -------------------------------------------------------------------------------------------------------------- SQLite

// A file, and a disk below it that the shim makes (disk_shim.cpp).
class SqliteStage : public Stage {
 public:
  enum class Trouble : std::uint8_t { kNone, kPower, kFull, kReadOnly };

  SqliteStage(std::string durability, Trouble trouble) : durability_(std::move(durability)), trouble_(trouble) {
    std::ofstream(mode_file()) << '\0';
  }

  std::string url() const override { return "sqlite:" + file() + "?durability=" + durability_; }
  std::vector<std::string> environment(const std::string&) override {
    if (trouble_ == Trouble::kNone) return {};
    return {std::string("LD_PRELOAD=") + WINDLASS_DISK_SHIM, "WINDLASS_DISK=" + dir_.path(), "WINDLASS_DISK_FILE=" + file()};
  }
  bool takes_all_down() const override { return trouble_ == Trouble::kPower; }
  std::string trouble(base::Random& random) override {
    switch (trouble_) {
      case Trouble::kNone: let_pass(random, 500, 1500); return "nothing";
      case Trouble::kPower: lose_power(); return "loss of power";
      case Trouble::kFull: return refuse_for_a_while(random, '\1', "no space left");
      case Trouble::kReadOnly: return refuse_for_a_while(random, '\2', "read-only");
    }
    return "";
  }

 private:
  std::string file() const { return dir_.file("tasks.db"); }
  std::string mode_file() const { return dir_.file("mode"); }

  // Each file becomes what was synced of it.
  void lose_power() const {
    namespace fs = std::filesystem;
    for (const char* suffix : {"", "-wal"}) {
      const std::string name = file() + suffix, synced = name + ".synced";
      if (fs::exists(synced)) fs::copy_file(synced, name, fs::copy_options::overwrite_existing);
      else fs::remove(name);
    }
    fs::remove(file() + "-shm");
  }
  void set_mode(char mode) const {
    const int fd = ::open(mode_file().c_str(), O_WRONLY | O_CLOEXEC);
    if (fd < 0 || ::pwrite(fd, &mode, 1, 0) != 1) throw std::runtime_error("cannot write " + mode_file());
    ::close(fd);
  }
  std::string refuse_for_a_while(base::Random& random, char mode, const char* what) const {
    set_mode(mode);
    let_pass(random, 200, 2000);
    set_mode(0);
    let_pass(random, 500, 1500);
    return what;
  }

  const TempDir dir_;
  const std::string durability_;
  const Trouble trouble_;
};

// --------------------------------------------------------------------------------------------------------------- Redis

class RedisStage : public Stage {
 public:
  explicit RedisStage(std::vector<std::string> config) : server_({.config = std::move(config)}) {}

  std::string url() const override { return server_.url(); }

 protected:
  RedisServer server_;
};

class KilledRedis final : public RedisStage {
 public:
  using RedisStage::RedisStage;
  std::string trouble(base::Random& random) override {
    let_pass(random, 500, 2500);
    server_.kill();
    let_pass(random, 0, 500);
    server_.start();
    return "kill -9 of Redis";
  }
};

class QuietRedis : public RedisStage {
 public:
  using RedisStage::RedisStage;
  std::string trouble(base::Random& random) override {
    let_pass(random, 500, 1500);
    return "nothing";
  }
};

// Cuts, lost requests, lost replies, and connections that are open and silent, between Redis and all clients and servers.
class CutRedis final : public RedisStage {
 public:
  CutRedis() : RedisStage({}), proxy_(server_.port()) {}
  std::string url_for_peers() const override { return "redis://127.0.0.1:" + std::to_string(proxy_.port()); }
  std::string trouble(base::Random& random) override {
    let_pass(random, 100, 800);
    switch (random.below(4)) {
      case 0: proxy_.cut_all(); return "all connections cut";
      case 1: proxy_.cut_before_reply(); return "a reply lost";
      case 2: proxy_.cut_before_request(); return "a request lost";
      default:
        proxy_.set_stalled(true);
        let_pass(random, 200, 4000);
        proxy_.cut_all();
        proxy_.set_stalled(false);
        return "silence";
    }
  }
  void heal() override { proxy_.set_stalled(false); }

 private:
  TcpProxy proxy_;
};

// The wall clock of each server is stepped, each by its own.
class SteppedClocks final : public RedisStage {
 public:
  SteppedClocks() : RedisStage({}) {}
  std::vector<std::string> environment(const std::string& peer) override {
    const std::string file = dir_.file(peer);
    step(file, 0);
    files_.push_back(file);
    return {std::string("LD_PRELOAD=") + WINDLASS_FAKETIME, "FAKETIME_TIMESTAMP_FILE=" + file, "FAKETIME_NO_CACHE=1",
            "FAKETIME_DONT_FAKE_MONOTONIC=1"};
  }
  std::string trouble(base::Random& random) override {
    let_pass(random, 300, 1500);
    const int by = static_cast<int>(random.below(241)) - 120;
    step(files_[random.below(files_.size())], by);
    return "a clock stepped";
  }
  void heal() override {
    for (const std::string& file : files_) step(file, 0);
  }

 private:
  static void step(const std::string& file, int seconds) {
    std::ofstream(file + ".new") << (seconds < 0 ? "" : "+") << seconds << "s\n";
    std::filesystem::rename(file + ".new", file);
  }

  const TempDir dir_;
  std::vector<std::string> files_;
};

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
  std::string trouble(base::Random& random) override {
    let_pass(random, 1000, 2500);
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
    let_pass(random, 500, 1500);
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

template <class S, class... Args>
std::function<std::unique_ptr<Stage>()> make(Args... args) {
  return [=] { return std::make_unique<S>(args...); };
}

const std::vector<std::string> kAofAlways = {"appendonly yes", "appendfsync always"};
const std::vector<std::string> kAofEverySecond = {"appendonly yes", "appendfsync everysec"};

}  // namespace

std::vector<Scenario> scenarios() {
  using enum SqliteStage::Trouble;
  const Promise all;
  const Promise measured{.nothing_lost = false, .order_kept = false};
  std::vector<Scenario> list = {
      {"sqlite-kill", "SQLite, durability=full; servers and clients killed and frozen", all, make<SqliteStage>("full", kNone), true},
      {"sqlite-normal-kill", "SQLite, durability=normal; the same", all, make<SqliteStage>("normal", kNone), true},
      {"sqlite-power", "SQLite, durability=full; the power lost", all, make<SqliteStage>("full", kPower), false, true},
      {"sqlite-normal-power", "SQLite, durability=normal; the power lost", measured, make<SqliteStage>("normal", kPower), false, true},
      {"sqlite-disk-full", "SQLite, durability=full; no space left on the disk", all, make<SqliteStage>("full", kFull)},
      {"sqlite-read-only", "SQLite, durability=full; the file system goes read-only", all, make<SqliteStage>("full", kReadOnly)},
      {"redis-servers", "Redis; servers and clients killed and frozen", all, make<QuietRedis>(std::vector<std::string>()), true, false, false, true},
      {"redis-aof-always", "Redis, appendfsync always; Redis killed", all, make<KilledRedis>(kAofAlways), false, false, false, true},
      {"redis-aof-everysec", "Redis, appendfsync everysec; Redis killed", all, make<KilledRedis>(kAofEverySecond), false, false, false, true},
      {"redis-no-aof", "Redis, no persistence; Redis killed", measured, make<KilledRedis>(std::vector<std::string>{"save \"\""}), false, false, false, true},
      {"redis-network", "Redis; connections cut, silent, requests and replies lost", all, make<CutRedis>(), false, false, false, true},
      {"redis-clocks", "Redis; the wall clocks of servers stepped by up to two minutes",
       {.clocks_stepped = true}, make<SteppedClocks>()},
      {"sentinel-kill", "Redis behind sentinels; the master killed", measured, make<FailingOver>(false)},
      {"sentinel-kill-replicated", "the same, each enqueue with durability replicated(1)", measured, make<FailingOver>(false), false, false, true},
      {"sentinel-freeze", "Redis behind sentinels; the master frozen", measured, make<FailingOver>(true)},
      {"cluster-kill", "Redis cluster of six; masters killed", measured, make<ClusterStage>(false)},
      {"cluster-move", "Redis cluster; the slots of queues moved under load", all, make<ClusterStage>(true)},
  };
  for (Scenario& scenario : list) {
    if (!scenario.name.starts_with("sqlite") && !testing::redis_is_installed()) scenario.skip = testing::kNoRedis;
  }
  if (std::string_view(WINDLASS_FAKETIME).empty()) {
    for (Scenario& scenario : list) {
      if (scenario.name == "redis-clocks") scenario.skip = "libfaketime is not installed";
    }
  }
  return list;
}

}  // namespace windlass::fault
