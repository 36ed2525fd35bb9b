#include "fault/scenario.hpp"

#include <string_view>
#include <utility>

#include "support/redis_server.hpp"

namespace windlass::fault {
namespace {

const std::vector<std::string> kAofAlways = {"appendonly yes", "appendfsync always"};
const std::vector<std::string> kAofEverySecond = {"appendonly yes", "appendfsync everysec"};
const std::vector<std::string> kAofNever = {"appendonly yes", "appendfsync no"};

auto sqlite(const char* durability, DiskTrouble trouble) {
  return [=] { return sqlite_stage(durability, trouble); };
}
auto killed(std::vector<std::string> config) {
  return [config = std::move(config)] { return killed_redis(config); };
}
auto on_disk(std::vector<std::string> config, DiskTrouble trouble) {
  return [config = std::move(config), trouble] { return redis_on_disk(config, trouble); };
}

Scenario with(bool Scenario::*trait, Scenario scenario) {
  scenario.*trait = true;
  return scenario;
}

}  // namespace

std::vector<Scenario> scenarios() {
  using enum DiskTrouble;
  const Promise all;
  const Promise measured{.nothing_lost = false, .order_kept = false};
  std::vector<Scenario> list = {
      with(&Scenario::troubles_servers, {"sqlite-kill", "SQLite, durability=full; servers and clients killed and frozen", all, sqlite("full", kNone)}),
      with(&Scenario::troubles_servers, {"sqlite-normal-kill", "SQLite, durability=normal; the same", all, sqlite("normal", kNone)}),
      with(&Scenario::one_process, {"sqlite-power", "SQLite, durability=full; the power lost", all, sqlite("full", kPower)}),
      with(&Scenario::one_process, {"sqlite-normal-power", "SQLite, durability=normal; the power lost", measured, sqlite("normal", kPower)}),
      {"sqlite-disk-full", "SQLite, durability=full; no space left on the disk", all, sqlite("full", kFull)},
      {"sqlite-read-only", "SQLite, durability=full; the file system goes read-only", all, sqlite("full", kReadOnly)},
      with(&Scenario::troubles_servers, {"redis-servers", "Redis; servers and clients killed and frozen", all, quiet_redis, all}),
      {"redis-aof-always", "Redis, appendfsync always; Redis killed", all, killed(kAofAlways), all},
      {"redis-aof-everysec", "Redis, appendfsync everysec; Redis killed", measured, killed(kAofEverySecond), measured},
      {"redis-no-aof", "Redis, no persistence; Redis killed", measured, killed({}), measured},
      {"redis-always-power", "Redis, appendfsync always; the power of its machine lost", all, on_disk(kAofAlways, kPower), all},
      {"redis-everysec-power", "Redis, appendfsync everysec; the power of its machine lost", measured, on_disk(kAofEverySecond, kPower), measured},
      {"redis-no-fsync-power", "Redis, appendfsync no; the power of its machine lost", measured, on_disk(kAofNever, kPower), measured},
      {"redis-disk-full", "Redis, appendfsync everysec; no space left on its disk", all, on_disk(kAofEverySecond, kFull), all},
      {"redis-network", "Redis; connections cut, silent, requests and replies lost", all, cut_redis, all},
      {"redis-clocks", "Redis; the wall clocks of servers stepped by up to two minutes", {.clocks_stepped = true}, stepped_clocks},
      {"sentinel-kill", "Redis behind sentinels; the master killed", measured, [] { return failing_over(false); }, measured},
      with(&Scenario::replicated, {"sentinel-kill-replicated", "the same, each enqueue with durability replicated(1)", measured,
                                   [] { return failing_over(false); }, measured}),
      {"sentinel-freeze", "Redis behind sentinels; the master frozen", measured, [] { return failing_over(true); }, measured},
      {"cluster-kill", "Redis cluster of six; masters killed", measured, cluster_of_six_whose_masters_die, measured},
      {"cluster-move", "Redis cluster; the slots of queues moved under load", all, cluster_that_moves_slots, all},
  };
  for (Scenario& scenario : list) {
    if (!scenario.name.starts_with("sqlite") && !testing::redis_is_installed()) scenario.skip = testing::kNoRedis;
    if (scenario.name == "redis-clocks" && std::string_view(WINDLASS_FAKETIME).empty()) scenario.skip = "libfaketime is not installed";
  }
  return list;
}

}  // namespace windlass::fault
