#include "support/beanstalkd.hpp"

#include <chrono>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <thread>

#include "beanstalk/stats.hpp"

namespace windlass::testing {

using namespace std::chrono_literals;

bool beanstalkd_is_installed() { return program_exists("beanstalkd"); }

Beanstalkd::Beanstalkd(Binlog binlog) : binlog_(binlog) { start(); }

void Beanstalkd::start() {
  std::vector<std::string> argv{"beanstalkd", "-l", "127.0.0.1", "-p", std::to_string(port())};
  if (binlog_ == Binlog::kYes) argv.insert(argv.end(), {"-b", dir_.path(), "-f", "0"});
  const std::string log = dir_.file("log");
  process_ = ChildProcess(argv, log);
  // Another process gives no signal to wait for.
  for (int i = 0; i < 3000; ++i) {
    if (!process_.running()) break;
    if (beanstalk::Connection::open(*beanstalk::parse_address(endpoint()), endpoint(), net::after(1s))) return;
    std::this_thread::sleep_for(10ms);
  }
  std::ifstream file(log);
  throw std::runtime_error("beanstalkd does not answer: " + std::string(std::istreambuf_iterator<char>(file), {}));
}

beanstalk::Answers Beanstalkd::run(const beanstalk::Commands& commands) const {
  auto connection = beanstalk::Connection::open(*beanstalk::parse_address(endpoint()), endpoint(), net::after(30s));
  if (!connection) throw std::runtime_error(connection.error().message());
  auto answers = (*connection)->call(commands, net::after(30s));
  if (!answers) throw std::runtime_error(answers.error().message());
  return *std::move(answers);
}

std::uint64_t Beanstalkd::jobs(const std::string& state, const std::string& tube) const {
  const beanstalk::Answers answers = run(beanstalk::Commands().stats_tube(tube));
  const auto stats = beanstalk::Stats::parse(answers[0].reply.body);
  if (!state.empty()) return stats->number("current-jobs-" + state);
  std::uint64_t sum = 0;
  for (const char* each : {"ready", "reserved", "delayed", "buried"})
    sum += stats->number(std::string("current-jobs-") + each);
  return sum;
}

}  // namespace windlass::testing
