// windlass doctor: is all well with the store, the machine and the servers? One line for each check, and what to do about it.
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/timex.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <map>
#include <set>

#include <CLI/CLI.hpp>

#include <windlass/client.hpp>
#include <windlass/inspector.hpp>

#include "core/text.hpp"
#include "output.hpp"
#include "queues.hpp"
#include "session.hpp"

namespace windlass::app {
namespace {

using namespace std::chrono_literals;

enum class Health { kOk, kWarn, kFail };
constexpr const char* kHealthNames[] = {"ok", "warn", "fail"};

struct Check {
  std::string name;
  Health health = Health::kOk;
  std::string says;
  std::string advice;
};

class Doctor {
 public:
  explicit Doctor(const Session& session) : session_(session) {}

  const std::vector<Check>& examine() {
    ok("version", WINDLASS_VERSION);
    clock();
    if (const Status status = open(); !status) {
      fail("broker", status.error().message(), "give another --broker, or mend what the text says");
      return checks_;
    }
    round_trip();
    if (!facts_["path"].empty()) file(facts_["path"]);
    if (facts_["broker"] == "redis") redis();
    queues();
    return checks_;
  }

 private:
  void ok(std::string name, std::string says) { checks_.push_back({std::move(name), Health::kOk, std::move(says), ""}); }
  void warn(std::string name, std::string says, std::string advice) {
    checks_.push_back({std::move(name), Health::kWarn, std::move(says), std::move(advice)});
  }
  void fail(std::string name, std::string says, std::string advice) {
    checks_.push_back({std::move(name), Health::kFail, std::move(says), std::move(advice)});
  }

  // Long before this program was written: the clock was never set.
  void clock() {
    const TimePoint t = now();
    if (t < TimePoint(std::chrono::sys_days(std::chrono::year(2024) / 1 / 1).time_since_epoch())) {
      return fail("clock", "it is " + core::format_time(t) + " here", "set the clock: delayed tasks would run at the wrong time");
    }
    timex state{};
    if (::adjtimex(&state) == TIME_ERROR) {
      return warn("clock", core::format_time(t) + ", not synchronised", "run NTP if several machines share the work");
    }
    ok("clock", core::format_time(t) + ", synchronised");
  }

  Status open() {
    Result<BrokerPtr> broker = session_.open();
    if (!broker) return broker.error();
    broker_ = *std::move(broker);
    const auto facts = Inspector(broker_).describe();
    if (!facts) return facts.error();
    for (const auto& [name, value] : *facts) {
      facts_[name] = value;
      ok(name, value);
    }
    return {};
  }

  void round_trip() {
    const auto start = std::chrono::steady_clock::now();
    if (const Status status = Client(broker_).ping(); !status) {
      return fail("round trip", status.error().message(), "see whether the store is up and this machine reaches it");
    }
    const Duration took = std::chrono::steady_clock::now() - start;
    if (took > 1s) return warn("round trip", short_duration(took), "the store is slow or very busy");
    ok("round trip", short_duration(took));
  }

  void file(const std::string& path) {
    struct stat info {};
    if (::stat(path.c_str(), &info) != 0) return;
    const TimePoint changed{std::chrono::seconds(info.st_mtim.tv_sec)};
    if (changed > now() + 10s) {
      warn("clock against file", "the file was changed " + relative_time(changed), "the clock was set back: delayed tasks run later");
    }
    permissions(path, info.st_mode);
    disk(path);
  }

  void permissions(const std::string& path, mode_t mode) {
    char text[8];
    std::snprintf(text, sizeof text, "%04o", static_cast<unsigned>(mode & 07777));
    if ((mode & 0077) == 0) return ok("permissions", std::string(text) + ", its owner alone");
    warn("permissions", std::string(text) + ": others can read payloads or write tasks", "chmod 600 " + path + ", if that is not meant");
  }

  void disk(const std::string& path) {
    struct statvfs space {};
    if (::statvfs(path.c_str(), &space) != 0) return;
    const std::uint64_t free = static_cast<std::uint64_t>(space.f_bavail) * space.f_frsize;
    const std::string says = short_bytes(free) + " free";
    if (free < (64U << 20)) return fail("disk", says, "make room: enqueues are about to fail");
    if (free < (1U << 30)) return warn("disk", says, "make room before it is full");
    ok("disk", says);
  }

  void redis() {
    redis_role();
    redis_memory();
    redis_persistence();
    redis_clock();
    redis_permissions();
  }

  void redis_role() {
    if (facts_["role"] == "slave") fail("redis role", "a read-only replica", "give the master, or the sentinels that know it");
    else if (!facts_["role"].empty()) ok("redis role", facts_["role"]);
  }

  void redis_memory() {
    const std::string policy = facts_["maxmemory_policy"];
    if (policy.empty()) return warn("redis memory", "unknown: INFO is refused", "allow the command INFO");
    if (facts_["maxmemory"] == "0") return ok("redis memory", "no limit of its own");
    if (policy == "noeviction") return ok("redis memory", "limited, nothing is evicted: enqueues fail when it is full");
    fail("redis memory", "maxmemory-policy is " + policy + ": tasks vanish when it is full", "CONFIG SET maxmemory-policy noeviction");
  }

  void redis_persistence() {
    const std::string kinds = facts_["persistence"];
    for (const char* name : {"rdb_last_bgsave_status", "aof_last_write_status"}) {
      const std::string status = facts_[name];
      if (!status.empty() && status != "ok") return fail("redis persistence", std::string(name) + ": " + status, "see the log of Redis; the disk may be full");
    }
    if (kinds == "none") return warn("redis persistence", "none: tasks are gone when Redis ends", "CONFIG SET appendonly yes");
    if (kinds == "unknown") return warn("redis persistence", "unknown: CONFIG GET is refused", "see that appendonly is on");
    if (kinds == "rdb") return warn("redis persistence", "snapshots only: the minutes since the last one can be lost", "CONFIG SET appendonly yes");
    ok("redis persistence", kinds);
  }

  // Due times are measured here, leases there.
  void redis_clock() {
    const std::string text = facts_["clock_ahead_ms"];
    if (text.empty()) return;
    const std::chrono::milliseconds ahead(std::atoll(text.c_str()));
    const Duration difference = ahead < 0ms ? -ahead : ahead;
    const std::string says = difference == 0ms ? "as here" : short_duration(difference) + (ahead > 0ms ? " ahead" : " behind");
    if (difference < 1s) return ok("redis clock", says);
    if (difference < 10s) return warn("redis clock", says, "run NTP on both machines");
    fail("redis clock", says, "run NTP on both machines: Go servers take tasks from each other when clocks differ by 30 s");
  }

  void redis_permissions() {
    const std::string refused = facts_["commands_refused"];
    const std::string missed = facts_["commands_missed"];
    if (!refused.empty()) return fail("redis permissions", "refused: " + refused, "allow them in the ACL of this user");
    if (!missed.empty()) return warn("redis permissions", "refused: " + missed, "it works without, but is slower to notice tasks, or knows less");
    ok("redis permissions", "all commands");
  }

  void queues() {
    const Inspector inspector(broker_);
    const auto queues = read_queues(inspector);
    const auto servers = inspector.servers();
    if (!queues) return fail("queues", queues.error().message(), "the store is damaged or busy");
    if (!servers) return fail("servers", servers.error().message(), "the store is damaged or busy");
    ok("queues", std::to_string(queues->size()));
    ok("servers", std::to_string(servers->size()));
    std::set<std::string> served;
    for (const ServerInfo& server : *servers) {
      if (server.status == "active") for (const auto& [name, weight] : server.queues) served.insert(name);
    }
    for (const QueueInfo& queue : *queues) examine_queue(inspector, queue, served.contains(queue.queue));
  }

  void examine_queue(const Inspector& inspector, const QueueInfo& queue, bool served) {
    const std::string name = "queue " + queue.queue;
    const std::uint64_t waiting = queue.pending + queue.scheduled + queue.retry;
    if (queue.paused && waiting > 0) warn(name, "paused, " + std::to_string(waiting) + " tasks wait", "windlass queue resume " + queue.queue);
    else if (!served && waiting > 0) warn(name, "no server, " + std::to_string(waiting) + " tasks wait", "start one that serves it: windlass work --queues " + queue.queue);
    if (queue.active == 0) return;
    const auto page = inspector.list({.queue = queue.queue, .state = TaskState::kActive}, 1000);
    if (!page) return fail(name, page.error().message(), "the store is damaged or busy");
    const auto orphans = std::count_if(page->tasks.begin(), page->tasks.end(), [](const TaskInfo& t) { return t.orphaned; });
    if (orphans > 0) warn(name, std::to_string(orphans) + " orphaned tasks", "a running server of this queue takes them back in seconds");
  }

  const Session& session_;
  BrokerPtr broker_;
  std::map<std::string, std::string> facts_;
  std::vector<Check> checks_;
};

codec::Value to_json(const std::vector<Check>& checks) {
  codec::Value::Array out;
  for (const Check& check : checks) {
    codec::Value::Object one{{"check", check.name}, {"health", kHealthNames[static_cast<int>(check.health)]}, {"says", check.says}};
    if (!check.advice.empty()) one.push_back({"advice", check.advice});
    out.push_back(std::move(one));
  }
  return out;
}

void show(const Check& check) {
  static constexpr Color kColors[] = {Color::kGreen, Color::kYellow, Color::kRed};
  const auto index = static_cast<std::size_t>(check.health);
  std::string line = paint(kColors[index], kHealthNames[index]) + std::string(6 - std::string_view(kHealthNames[index]).size(), ' ');
  line += printable(check.name) + ": " + printable(check.says);
  if (!check.advice.empty()) line += "\n      -> " + printable(check.advice);
  put(line + "\n");
}

Result<int> doctor(const Session& session) {
  Doctor doctor(session);
  const std::vector<Check>& checks = doctor.examine();
  const bool sick = std::any_of(checks.begin(), checks.end(), [](const Check& c) { return c.health == Health::kFail; });
  if (session.json) (void)Session::print(codec::Value::Object{{"healthy", !sick}, {"checks", to_json(checks)}});
  else for (const Check& check : checks) show(check);
  return sick ? kFailed : kOk;
}

}  // namespace

void add_doctor(CLI::App& app, Session& session) {
  app.add_subcommand("doctor", "Check the store, the machine and the servers; exit code 1 if something fails")
      ->callback([&session] { session.run = [&session] { return doctor(session); }; });
}

}  // namespace windlass::app
