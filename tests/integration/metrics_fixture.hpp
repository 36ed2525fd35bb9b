// Programs of the tool that serve metrics, and what a Prometheus reads from them.
#pragma once

#include <map>
#include <regex>
#include <set>
#include <sstream>
#include <string>

#include "cli_fixture.hpp"
#include "http_client/call.hpp"
#include "running_program.hpp"

namespace windlass::testing {

inline http_client::Response get(const std::string& address, const std::string& target) {
  http_client::Request request;
  request.url = http_client::parse_url("http://" + address + target).value();
  request.timeout = std::chrono::seconds(60);
  auto answer = http_client::call(request, {});
  if (!answer) throw std::runtime_error(answer.error().message());
  return *std::move(answer);
}

// The names of the metrics of a text, with their kinds.
inline std::map<std::string, std::string> kinds_of(const std::string& text) {
  std::map<std::string, std::string> kinds;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line);
    std::string hash, type, name, kind;
    if (words >> hash >> type >> name >> kind && hash == "#" && type == "TYPE") kinds[name] = kind;
  }
  return kinds;
}

// A command of the tool that was told to serve metrics on a free port.
class ServingProgram {
 public:
  explicit ServingProgram(const Arguments& argv) : program_(argv) {
    const std::regex line("metrics are served address=([^\\s]+)\n");
    std::smatch found;
    while (!std::regex_search(program_.err(), found, line)) {
      const int lines = RunningProgram::count(program_.err(), "\n");
      if (!program_.wait_for_more_errors(lines)) throw std::runtime_error("no metrics: " + program_.err());
    }
    address_ = found[1];
  }

  RunningProgram& program() { return program_; }
  const std::string& address() const { return address_; }
  std::string scrape() const { return get(address_, "/metrics").body; }
  // Scrapes until the text holds `line`. False if it does not for a minute, however slow the machine is.
  bool wait_for(const std::string& line) const {
    return wait_until([&](const std::string& text) { return text.find(line) != std::string::npos; });
  }
  template <class F>
  bool wait_until(F holds) const {
    const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(60);
    while (!holds(scrape())) {
      if (std::chrono::steady_clock::now() > until) return false;
      ::usleep(20'000);
    }
    return true;
  }

 private:
  RunningProgram program_;
  std::string address_;
};

}  // namespace windlass::testing
