#include "fault/run.hpp"

#include <signal.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <memory>
#include <optional>
#include <set>
#include <sstream>
#include <thread>
#include <vector>

#include <windlass/broker.hpp>
#include <windlass/inspector.hpp>

#include "fault/let_pass.hpp"
#include "support/child_process.hpp"

namespace windlass::fault {
namespace {

using namespace std::chrono_literals;
using testing::ChildProcess;
using testing::TempDir;

constexpr const char* kQueues[] = {"default", "critical", "low"};

// Of one client or server: a process after the other, each with a name and a history of its own.
struct Peer {
  std::string role;
  std::string name;
  bool go = false;
  int incarnation = 0;
  ChildProcess process;

  std::string full_name() const { return name + "." + std::to_string(incarnation); }
};

class Running {
 public:
  Running(const Scenario& scenario, const RunOptions& options)
      : scenario_(scenario),
        options_(options),
        promise_(options.asynq || options.go_server ? scenario.with_go.value() : scenario.promise),
        random_(options.seed),
        stage_(scenario.stage()) {
    report_.promise = promise_;
  }

  Report run() {
    if (scenario_.one_process) {
      add("both", "b", false);
    } else {
      for (int i = 0; i < 2; ++i) add("client", "c" + std::to_string(i), options_.asynq);
      for (int i = 0; i < 3; ++i) add("server", "s" + std::to_string(i), options_.asynq || (options_.go_server && i == 2));
    }
    for (Peer& peer : peers_) start(peer);
    const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(options_.seconds);
    while (std::chrono::steady_clock::now() < until) {
      if (stage_->takes_all_down()) lose_power();
      else if (scenario_.troubles_servers) trouble_a_peer();
      else trouble_the_store();
    }
    stage_->heal();
    for (Peer& peer : peers_) {
      if (peer.role == "client") end(peer);
    }
    if (scenario_.one_process) restart_without_client();
    drain();
    for (Peer& peer : peers_) {
      if (peer.role == "server") end(peer);
    }
    judge();
    if (!report_.violations.empty() || !options_.keep.empty()) keep();
    return std::move(report_);
  }

 private:
  void add(const std::string& role, const std::string& name, bool go) {
    Peer peer;
    peer.role = role;
    peer.name = name;
    peer.go = go;
    peers_.push_back(std::move(peer));
  }

  void start(Peer& peer) {
    ++peer.incarnation;
    if (peer.go) go_servers_.insert(peer.full_name());
    std::vector<std::string> argv = {"env"};
    if (!peer.go) {
      for (std::string& variable : stage_->environment(peer.full_name())) argv.push_back(std::move(variable));
    }
    argv.insert(argv.end(), {peer.go ? WINDLASS_FAULT_GO_PEER : WINDLASS_FAULT_PEER, peer.role, stage_->url_for_peers(),
                             dir_.file(peer.full_name() + ".history"), peer.full_name(), std::to_string(options_.rate)});
    if (scenario_.replicated) argv.emplace_back("replicated");
    const std::string log = dir_.file(peer.full_name() + ".log");
    peer.process = ChildProcess(argv, log);
    const auto give_up = std::chrono::steady_clock::now() + 60s;
    while (text_of(log).find("ready") == std::string::npos) {
      if (std::chrono::steady_clock::now() > give_up || !peer.process.running()) {
        throw std::runtime_error(peer.full_name() + " does not start: " + text_of(log));
      }
      std::this_thread::sleep_for(5ms);
    }
  }

  static std::string text_of(const std::string& path) {
    std::ostringstream text;
    text << std::ifstream(path).rdbuf();
    return text.str();
  }

  // None may crash by itself, at any time.
  void end(Peer& peer) {
    const int code = peer.process.end(SIGTERM);
    if (code != 0) report_.violations.push_back(peer.full_name() + " ended with " + std::to_string(code));
  }

  void kill(Peer& peer) {
    const std::int64_t now = monotonic_ns();
    peer.process.end(SIGKILL);
    disturbances_.push_back({peer.full_name(), now, INT64_MAX});
  }

  void lose_power() {
    let_pass(random_, 1000, 4000);
    const std::int64_t from = monotonic_ns();
    for (Peer& peer : peers_) kill(peer);
    ++report_.troubles[stage_->trouble(random_)];
    disturbances_.push_back({"", from, monotonic_ns()});
    for (Peer& peer : peers_) start(peer);
  }

  void trouble_a_peer() {
    let_pass(random_, 200, 1200);
    Peer& peer = peers_[random_.below(peers_.size())];
    if (random_.below(2) == 0) {
      kill(peer);
      let_pass(random_, 0, 500);
      start(peer);
      ++report_.troubles["kill -9 of a " + peer.role];
      return;
    }
    // Long enough for its tasks to be taken over.
    const std::int64_t from = monotonic_ns();
    peer.process.signal(SIGSTOP);
    let_pass(random_, 500, 6000);
    peer.process.signal(SIGCONT);
    disturbances_.push_back({peer.full_name(), from, monotonic_ns()});
    ++report_.troubles["SIGSTOP of a " + peer.role];
  }

  void trouble_the_store() {
    let_pass(random_, 500, 4000);
    const std::int64_t from = monotonic_ns();
    ++report_.troubles[stage_->trouble(random_)];
    disturbances_.push_back({"", from, monotonic_ns()});
  }

  // After a loss of power: what is left must be worked off.
  void restart_without_client() {
    for (Peer& peer : peers_) {
      end(peer);
      peer.role = "server";
      start(peer);
    }
  }

  // Until nothing waits, or nothing has changed for long.
  void drain() {
    std::size_t last = 0;
    auto changed = std::chrono::steady_clock::now();
    while (true) {
      const std::size_t waiting = count_waiting();
      if (waiting == 0) return;
      if (waiting != last) changed = std::chrono::steady_clock::now();
      last = waiting;
      // Groups that a killed server held come back after two minutes, in Go Asynq after up to three; tasks of a Go server that is gone after its
      // lease and half a minute.
      if (std::chrono::steady_clock::now() - changed > 200s) return;
      std::this_thread::sleep_for(100ms);
    }
  }

  Inspector& inspector() {
    if (!inspector_) {
      auto broker = open_broker(stage_->url());
      if (!broker) throw std::runtime_error(broker.error().message());
      inspector_.emplace(*broker);
    }
    return *inspector_;
  }

  // Ticks come all the time, and do not count.
  std::size_t count_waiting() {
    std::size_t waiting = 0;
    for (const TaskState state : {TaskState::kPending, TaskState::kActive, TaskState::kScheduled, TaskState::kRetry, TaskState::kAggregating}) {
      for (const TaskInfo& task : tasks_in(state)) {
        if (task.type != "tick") ++waiting;
      }
    }
    return waiting;
  }

  std::vector<TaskInfo> tasks_in(TaskState state) {
    std::vector<TaskInfo> tasks;
    for (const char* queue : kQueues) {
      TaskQuery query;
      query.queue = queue;
      query.state = state;
      std::string cursor;
      do {
        const auto page = inspector().list(query, 1000, cursor);
        if (!page) {
          if (page.error().code() == ErrorCode::kQueueNotFound) break;
          throw std::runtime_error(page.error().message());
        }
        tasks.insert(tasks.end(), page->tasks.begin(), page->tasks.end());
        cursor = page->next;
      } while (!cursor.empty());
    }
    return tasks;
  }

  void judge() {
    std::map<std::string, Rest> rests;
    std::size_t in_two_places = 0;
    CheckOptions check_options{.clocks_stepped = promise_.clocks_stepped, .go_servers = go_servers_};
    const auto note = [&](TaskState state, Rest rest) {
      for (const TaskInfo& task : tasks_in(state)) {
        if (task.type == "tick") {
          check_options.ticks_left[task.id] = std::chrono::floor<std::chrono::seconds>(task.scheduled_at).time_since_epoch().count();
        }
        // A task that was made of a group stands for those in it.
        std::istringstream ids(task.type == "all" ? task.payload.bytes() : task.id);
        for (std::string id; std::getline(ids, id);) {
          if (!rests.try_emplace(id, rest).second && task.type != "all") ++in_two_places;
        }
      }
    };
    note(TaskState::kCompleted, Rest::kKept);
    note(TaskState::kArchived, Rest::kArchived);
    for (const TaskState state : {TaskState::kPending, TaskState::kActive, TaskState::kScheduled, TaskState::kRetry, TaskState::kAggregating}) {
      note(state, Rest::kWaiting);
    }
    const auto events = read_histories(dir_.path());
    report_.findings = check(events, rests, disturbances_, check_options);
    const Findings& found = report_.findings;
    const auto violated = [&](std::size_t count, const char* what) {
      if (count > 0) report_.violations.push_back(std::to_string(count) + " " + what);
    };
    violated(in_two_places, "tasks in two places");
    violated(found.stuck, "tasks stuck");
    if (found.acked == 0 || found.done == 0) report_.violations.emplace_back("nothing was done");
    if (promise_.nothing_lost) violated(found.lost, "tasks lost");
    if (promise_.order_kept) {
      violated(found.overlaps, "runs during another run");
      violated(found.early, "runs too early");
      violated(found.late, "runs after expiry");
      violated(found.unique_broken, "locks broken");
      violated(found.ticks_missed, "ticks missed");
      violated(found.ticks_twice, "ticks doubled");
    }
  }

  void keep() {
    const std::string folder = options_.keep.empty() ? std::filesystem::temp_directory_path().string() + "/windlass-fault-" + scenario_.name : options_.keep;
    std::filesystem::remove_all(folder);
    std::filesystem::copy(dir_.path(), folder, std::filesystem::copy_options::recursive);
    std::ofstream found(folder + "/findings");
    for (const std::string& violation : report_.violations) found << violation << '\n';
    for (const std::string& example : report_.findings.examples) found << example << '\n';
    for (const Disturbance& d : disturbances_) found << "disturbed: " << (d.who.empty() ? "the store" : d.who) << ' ' << d.from << ' ' << d.to << '\n';
    std::cout << "  histories and logs: " << folder << '\n';
  }

  const Scenario& scenario_;
  const RunOptions& options_;
  const Promise promise_;
  base::Random random_;
  const TempDir dir_;
  std::unique_ptr<Stage> stage_;
  std::vector<Peer> peers_;
  std::vector<Disturbance> disturbances_;
  std::set<std::string> go_servers_;
  std::optional<Inspector> inspector_;
  Report report_;
};

}  // namespace

Report run_scenario(const Scenario& scenario, const RunOptions& options) { return Running(scenario, options).run(); }

}  // namespace windlass::fault
