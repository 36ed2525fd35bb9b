// Kinds of command-line values that several commands take. A value that cannot be read is a usage error that names the option.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include <CLI/App.hpp>

#include <windlass/info.hpp>
#include <windlass/time.hpp>

namespace windlass::app {

// "1500ms", "1h30m", "7d": not negative.
CLI::Option* add_duration(CLI::App& app, const std::string& name, std::optional<Duration>& into, const std::string& help);
// "512MiB", "2G", "1000000": bytes, more than none.
CLI::Option* add_size(CLI::App& app, const std::string& name, std::optional<std::uint64_t>& into, const std::string& help);
// RFC 3339.
CLI::Option* add_time(CLI::App& app, const std::string& name, std::optional<TimePoint>& into, const std::string& help);
CLI::Option* add_state(CLI::App& app, const std::string& name, std::optional<TaskState>& into, const std::string& help);

}  // namespace windlass::app
