// The tool as its users run it: the built program, a folder of its own with an SQLite file, exit codes and both outputs.
#pragma once

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <windlass/codec.hpp>

#include "exec/command.hpp"

namespace windlass::testing {

using Arguments = std::vector<std::string>;

// One run of the tool, or of another program, that has ended.
struct Ran {
  int code = -1;       // exit code; 128 + signal
  std::string out, err;

  // The object or array that it printed.
  codec::Value json() const {
    const Result<codec::Value> value = codec::parse_json(out);
    EXPECT_TRUE(value) << out << err;
    return value.value_or(codec::Value());
  }
};

// "failure.kind" of an object as text; "" if it is not there. Numbers and booleans as JSON.
inline std::string at(const codec::Value& value, std::string path) {
  const codec::Value* here = &value;
  for (std::size_t dot = 0; dot != std::string::npos && here; path.erase(0, dot == path.npos ? dot : dot + 1)) {
    dot = path.find('.');
    here = here->find(path.substr(0, dot));
  }
  if (!here) return "";
  if (const auto* text = here->get_if<std::string>()) return *text;
  return codec::write_json(*here);
}

inline std::size_t size_of(const codec::Value& value, std::string_view key) {
  const codec::Value* items = value.find(key);
  return items && items->get_if<codec::Value::Array>() ? items->get_if<codec::Value::Array>()->size() : 0;
}

class Cli : public ::testing::Test {
 protected:
  Cli() {
    std::string name = ::testing::TempDir() + "windlass-cli-XXXXXX";
    if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("mkdtemp");
    folder_ = name;
    for (const char* option : {"BROKER", "CONFIG", "JSON", "LOG_LEVEL", "LOG_FORMAT"}) {
      ::unsetenv((std::string("WINDLASS_") + option).c_str());
    }
    ::setenv("XDG_CONFIG_HOME", (folder_ / "no-config").c_str(), 1);
  }
  ~Cli() override { std::filesystem::remove_all(folder_); }

  std::string path(const std::string& name) const { return (folder_ / name).string(); }
  std::string broker() const { return "sqlite:" + path("tasks.db"); }

  Arguments with_broker(const Arguments& arguments) const {
    Arguments argv{WINDLASS_TOOL, "--broker", broker()};
    argv.insert(argv.end(), arguments.begin(), arguments.end());
    return argv;
  }
  // windlass --broker sqlite:FILE ARGUMENTS
  Ran windlass(const Arguments& arguments, std::string_view input = {}) const { return run(with_broker(arguments), input); }

  static Ran run(const Arguments& argv, std::string_view input = {}, const std::vector<std::string>& environment = {}) {
    exec::CommandSpec spec;
    spec.argv = argv;
    spec.input = input;
    spec.environment = environment;
    spec.output_max = 256 << 20;
    spec.error_tail_max = 1 << 20;
    exec::CommandResult result = exec::run_command(spec, {});
    const bool exited = result.end == exec::CommandResult::End::kExited;
    return {exited ? result.exit_code : 128 + result.signal, std::move(result.output), result.error_tail + result.error};
  }

  // Runs the worker until nothing is left to do.
  Ran work_all(const std::string& rule, Arguments more = {}) const {
    Arguments arguments{"work", "--exec", rule, "--until-empty"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return windlass(arguments);
  }

  codec::Value inspect(const std::string& id) const { return windlass({"task", "inspect", id, "--json"}).json(); }

  // A named pipe: how a command tells the test how far it is, without anybody sleeping.
  std::string make_fifo(const std::string& name) const {
    if (::mkfifo(path(name).c_str(), 0600) != 0) throw std::runtime_error("mkfifo");
    return path(name);
  }
  // Blocks until somebody writes into it and closes it.
  static std::string read_file(const std::string& name) {
    std::ifstream file(name);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  static void write_file(const std::string& name, std::string_view text) { std::ofstream(name) << text; }

  std::filesystem::path folder_;
};

}  // namespace windlass::testing
