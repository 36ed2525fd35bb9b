#include "support/redis_server.hpp"

#include <signal.h>

#include <chrono>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <thread>

#include "redis/slots.hpp"

namespace windlass::testing {
namespace {

using namespace std::chrono_literals;

constexpr auto kPatience = 30s;

void shell(const std::string& command) {
  if (std::system((command + " >/dev/null 2>&1").c_str()) != 0) throw std::runtime_error("failed: " + command);
}

// Looks again every few milliseconds; another process gives no signal to wait for.
template <class Condition>
bool becomes_true(Condition condition) {
  const auto until = std::chrono::steady_clock::now() + kPatience;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > until) return false;
    std::this_thread::sleep_for(10ms);
  }
  return true;
}

}  // namespace

bool redis_is_installed() { return program_exists("redis-server"); }

TestCertificates::TestCertificates() {
  const std::string in_dir = "cd '" + dir_.path() + "' && ";
  const std::string authority = "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj ";
  shell(in_dir + authority + "'/CN=windlass test' -keyout ca.key -out ca.crt");
  shell(in_dir + authority + "'/CN=somebody else' -keyout other.key -out other.crt");
  std::ofstream(dir_.file("san")) << "subjectAltName=DNS:localhost,IP:127.0.0.1\n";
  for (const std::string name : {"server", "client"}) {
    shell(in_dir + "openssl req -newkey rsa:2048 -nodes -subj '/CN=" + name + "' -keyout " + name + ".key -out " + name + ".csr");
    shell(in_dir + "openssl x509 -req -in " + name + ".csr -CA ca.crt -CAkey ca.key -CAcreateserial -days 2 -extfile san -out " +
          name + ".crt");
  }
}

RedisServer::RedisServer(RedisOptions options) : options_(std::move(options)) {
  std::ofstream(dir_.file("redis.conf")) << config_text();
  start();
}

RedisServer::~RedisServer() = default;

std::string RedisServer::config_text() const {
  std::ostringstream text;
  const std::string port = std::to_string(port_.number());
  text << "bind 127.0.0.1\nprotected-mode no\ndir " << dir_.path() << "\nunixsocket " << socket_path() << "\n";
  if (!options_.sentinel) text << "save \"\"\nrepl-diskless-sync-delay 0\n";
  if (options_.tls) {
    text << "port 0\ntls-port " << port << "\ntls-ca-cert-file " << options_.tls->ca() << "\ntls-cert-file "
         << options_.tls->server_cert() << "\ntls-key-file " << options_.tls->server_key() << "\n";
  } else {
    text << "port " << port << "\n";
  }
  for (const std::string& line : options_.config) text << line << "\n";
  return text.str();
}

void RedisServer::start() {
  std::vector<std::string> argv{"env"};
  argv.insert(argv.end(), options_.environment.begin(), options_.environment.end());
  argv.insert(argv.end(), {"redis-server", dir_.file("redis.conf")});
  if (options_.sentinel) argv.emplace_back("--sentinel");
  process_ = ChildProcess(argv, dir_.file("log"));
  const bool up = becomes_true([&] {
    if (!process_.running()) throw std::runtime_error("redis-server ended: " + log());
    try {
      return run_text({"PING"}).find("LOADING") == std::string::npos;
    } catch (const std::runtime_error&) {
      return false;
    }
  });
  if (!up) throw std::runtime_error("redis-server does not answer: " + log());
}

void RedisServer::kill() { process_.end(SIGKILL); }
void RedisServer::stop_cleanly() { process_.end(SIGTERM); }

std::string RedisServer::log() const {
  std::ifstream file(dir_.file("log"));
  return {std::istreambuf_iterator<char>(file), {}};
}

redis::Replies RedisServer::run(const std::vector<std::string>& command) const {
  redis::Config config;
  config.endpoints.push_back({"", 0, socket_path()});
  for (const std::string& line : options_.config) {
    if (line.starts_with("requirepass ")) config.login.password = line.substr(12);
  }
  auto connector = redis::Connector::open(config);
  auto connection = (*connector)->to_node(config.endpoints[0], net::after(kPatience));
  if (!connection) throw std::runtime_error(connection.error().message());
  redis::Pipeline p;
  p.begin(command[0], command.size() - 1);
  for (std::size_t i = 1; i < command.size(); ++i) p.arg(command[i]);
  auto replies = (*connection)->call(p, net::after(kPatience));
  if (!replies) throw std::runtime_error(replies.error().message());
  return *std::move(replies);
}

std::string RedisServer::run_text(const std::vector<std::string>& command) const {
  const redis::Replies replies = run(command);
  if (const auto number = replies[0].integer()) return std::to_string(*number);
  return std::string(replies[0].text());
}

SentinelSetup::SentinelSetup(SentinelOptions options) {
  servers_.push_back(std::make_unique<RedisServer>(RedisOptions{.environment = options.environment}));
  const std::string port = std::to_string(master().port());
  for (std::size_t i = 1; i <= options.replicas; ++i) {
    servers_.push_back(std::make_unique<RedisServer>(
        RedisOptions{.config = {"replicaof 127.0.0.1 " + port}, .environment = options.environment}));
    const auto in_sync = [&] {
      return servers_[i]->run_text({"INFO", "replication"}).find("master_link_status:up") != std::string::npos;
    };
    if (!becomes_true(in_sync)) throw std::runtime_error("the replica does not follow");
  }
  const std::string quorum = std::to_string(options.sentinels / 2 + 1);
  for (std::size_t i = 0; i < options.sentinels; ++i) {
    sentinels_.push_back(std::make_unique<RedisServer>(RedisOptions{
        {"sentinel monitor mymaster 127.0.0.1 " + port + " " + quorum,
         "sentinel down-after-milliseconds mymaster 86400000",
         "sentinel failover-timeout mymaster 3000"},
        nullptr, true}));
  }
  const auto all_known = [&](const auto& sentinel) {
    const redis::Replies others = sentinel->run({"SENTINEL", "sentinels", "mymaster"});
    const redis::Replies replicas = sentinel->run({"SENTINEL", "replicas", "mymaster"});
    return others[0].size() + 1 == options.sentinels && replicas[0].size() == options.replicas;
  };
  if (!becomes_true([&] { return std::all_of(sentinels_.begin(), sentinels_.end(), all_known); })) {
    throw std::runtime_error("the sentinels do not know each other");
  }
}

void SentinelSetup::watch_closely() {
  for (const auto& sentinel : sentinels_) sentinel->run({"SENTINEL", "SET", "mymaster", "down-after-milliseconds", "500"});
}

std::string SentinelSetup::url() const {
  std::string hosts;
  for (const auto& sentinel : sentinels_) hosts += (hosts.empty() ? "127.0.0.1:" : ",127.0.0.1:") + std::to_string(sentinel->port());
  return "redis-sentinel://" + hosts + "?master=mymaster";
}

ClusterSetup::ClusterSetup(ClusterOptions options) : options_(std::move(options)) {
  const std::size_t size = options_.replicas ? 6 : 3;
  for (std::size_t i = 0; i < size; ++i) {
    nodes_.push_back(std::make_unique<RedisServer>(
        RedisOptions{.config = {"cluster-enabled yes", "cluster-node-timeout 3000", "cluster-replica-validity-factor 0"},
                     .environment = options_.environment}));
  }
  const std::string bounds[4] = {"0", "5461", "10923", "16384"};
  for (std::size_t i = 0; i < 3; ++i) {
    node(i).run({"CLUSTER", "ADDSLOTSRANGE", bounds[i], std::to_string(std::stoi(bounds[i + 1]) - 1)});
  }
  for (std::size_t i = 0; i < size; ++i) {
    node(i).run({"CLUSTER", "SET-CONFIG-EPOCH", std::to_string(i + 1)});
    for (std::size_t k = 0; k < i; ++k) node(i).run({"CLUSTER", "MEET", "127.0.0.1", std::to_string(node(k).port())});
  }
  const auto follow = [&](std::size_t i) { return node(i).run_text({"CLUSTER", "REPLICATE", id(i - 3)}) == "OK"; };
  for (std::size_t i = 3; i < size; ++i) {
    if (!becomes_true([&] { return follow(i); })) throw std::runtime_error("a replica does not find its master");
  }
  if (!becomes_true([&] { return everyone_agrees(); })) throw std::runtime_error("the cluster does not come together");
  judge_after(24h * 365 * 100);  // also if the nodes' clock jumps
}

void ClusterSetup::watch_closely() { judge_after(1s); }

void ClusterSetup::judge_after(std::chrono::milliseconds silence) {
  for (const auto& node : nodes_) node->run({"CONFIG", "SET", "cluster-node-timeout", std::to_string(silence.count())});
}

bool ClusterSetup::everyone_agrees() const {
  for (std::size_t i = 0; i < nodes_.size(); ++i) {
    const auto& node = nodes_[i];
    if (node->run_text({"CLUSTER", "INFO"}).find("cluster_state:ok") == std::string::npos) return false;
    const redis::Replies slots = node->run({"CLUSTER", "SLOTS"});
    if (slots[0].size() != 3) return false;
    // Start, end, master, and the replica if there are any.
    for (const redis::Value range : slots[0]) {
      if (range.size() != (options_.replicas ? 4 : 3)) return false;
    }
    const std::string replication = node->run_text({"INFO", "replication"});
    if (replication.find(i < 3 ? "role:master" : "master_link_status:up") == std::string::npos) return false;
  }
  return true;
}

std::size_t ClusterSetup::owner_of(const std::string& key) const {
  const std::uint16_t slot = redis::key_slot(key);
  return slot < 5461 ? 0 : slot < 10923 ? 1 : 2;
}

std::string ClusterSetup::id(std::size_t i) const { return nodes_[i]->run_text({"CLUSTER", "MYID"}); }

std::string ClusterSetup::url() const {
  return "redis-cluster://127.0.0.1:" + std::to_string(nodes_[0]->port()) + ",127.0.0.1:" + std::to_string(nodes_[1]->port());
}

}  // namespace windlass::testing
