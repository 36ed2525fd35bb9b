#include <filesystem>
#include <fstream>
#include <utility>

#include "fault/let_pass.hpp"
#include "fault/stage.hpp"
#include "support/redis_server.hpp"
#include "support/tcp_proxy.hpp"

namespace windlass::fault {
namespace {

using testing::RedisServer;
using testing::TcpProxy;
using testing::TempDir;

class RedisStage : public Stage {
 public:
  explicit RedisStage(testing::RedisOptions options = {}) : server_(std::move(options)) {}

  std::string url() const override { return server_.url(); }
  std::string trouble(base::Random&) override { return "nothing"; }

 protected:
  RedisServer server_;
};

class KilledRedis final : public RedisStage {
 public:
  using RedisStage::RedisStage;
  std::string trouble(base::Random& random) override {
    server_.kill();
    let_pass(random, 0, 500);
    server_.start();
    return "kill -9 of Redis";
  }
};

// Its append-only files are on a disk of ours. Clients and servers are elsewhere.
class RedisOnDisk final : public Stage {
 public:
  RedisOnDisk(std::vector<std::string> config, DiskTrouble trouble)
      : trouble_(trouble), server_({.config = on(disk_, std::move(config)), .environment = disk_.environment()}) {}

  std::string url() const override { return server_.url(); }
  std::string trouble(base::Random& random) override {
    if (trouble_ != DiskTrouble::kPower) return disk_.refuse_for_a_while(trouble_, random);
    server_.kill();
    disk_.lose_power(disk_.file("appendonlydir"));
    let_pass(random, 0, 500);
    server_.start();
    return "loss of power";
  }

 private:
  static std::vector<std::string> on(const Disk& disk, std::vector<std::string> config) {
    config.push_back("dir " + disk.path());
    return config;
  }

  const Disk disk_;
  const DiskTrouble trouble_;
  RedisServer server_;
};

// Between Redis and all clients and servers.
class CutRedis final : public RedisStage {
 public:
  CutRedis() : proxy_(server_.port()) {}
  std::string url_for_peers() const override { return "redis://127.0.0.1:" + std::to_string(proxy_.port()); }
  std::string trouble(base::Random& random) override {
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

class SteppedClocks final : public RedisStage {
 public:
  std::vector<std::string> environment(const std::string& peer) override {
    const std::string file = dir_.file(peer);
    step(file, 0);
    files_.push_back(file);
    return {std::string("LD_PRELOAD=") + WINDLASS_FAKETIME, "FAKETIME_TIMESTAMP_FILE=" + file, "FAKETIME_NO_CACHE=1",
            "FAKETIME_DONT_FAKE_MONOTONIC=1"};
  }
  std::string trouble(base::Random& random) override {
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

}  // namespace

StagePtr quiet_redis() { return std::make_unique<RedisStage>(); }

StagePtr killed_redis(std::vector<std::string> config) {
  return std::make_unique<KilledRedis>(testing::RedisOptions{.config = std::move(config)});
}

StagePtr redis_on_disk(std::vector<std::string> config, DiskTrouble trouble) {
  return std::make_unique<RedisOnDisk>(std::move(config), trouble);
}

StagePtr cut_redis() { return std::make_unique<CutRedis>(); }

StagePtr stepped_clocks() { return std::make_unique<SteppedClocks>(); }

}  // namespace windlass::fault
