#include <array>
#include <charconv>
#include <cstdint>
#include <string_view>

#include <CLI/CLI.hpp>

#include "options.hpp"

#include "core/text.hpp"
#include "session.hpp"

namespace windlass::app {
namespace {

template <class T>
CLI::Option* add_parsed(CLI::App& app, const std::string& name, std::optional<T>& into, const std::string& help,
                        std::function<Result<T>(const std::string&)> parse) {
  const auto read = [&into, name, parse = std::move(parse)](const std::string& text) {
    Result<T> value = parse(text);
    if (!value) throw CLI::ValidationError(name, value.error().message());
    into = *value;
  };
  return app.add_option_function<std::string>(name, read, help);
}

Result<Duration> not_negative(const std::string& text) {
  Result<Duration> value = core::parse_duration(text);
  if (value && *value < Duration::zero()) return Error(ErrorCode::kInvalidArgument, "'" + text + "' is negative");
  return value;
}

Result<std::uint64_t> parse_size(const std::string& text) {
  static constexpr std::array<std::pair<std::string_view, int>, 7> kUnits{
      {{"", 0}, {"KiB", 10}, {"K", 10}, {"MiB", 20}, {"M", 20}, {"GiB", 30}, {"G", 30}}};
  std::uint64_t count = 0;
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), count);
  const std::string_view unit(end, static_cast<std::size_t>(text.data() + text.size() - end));
  for (const auto& [name, shift] : kUnits) {
    if (failed == std::errc() && unit == name && count > 0 && count <= (~std::uint64_t{0} >> shift)) return count << shift;
  }
  return Error(ErrorCode::kInvalidArgument, "'" + text + "' is no size; sizes are like 512MiB, 2GiB or 1000000 (bytes)");
}

std::string state_names(const std::string& between) {
  std::string names;
  for (int i = 1; i <= kTaskStateCount; ++i) names += (i > 1 ? between : "") + std::string(task_state_name(static_cast<TaskState>(i)));
  return names;
}

Result<TaskState> parse_state(const std::string& text) {
  if (const auto state = find_task_state(text)) return *state;
  return Error(ErrorCode::kInvalidArgument, "'" + text + "' is no state; there are " + state_names(", "));
}

}  // namespace

void add_wait(CLI::App& command, Session& session) {
  command.add_flag("--wait", session.wait, "at the start, wait for a broker that cannot be reached");
}

CLI::Option* add_duration(CLI::App& app, const std::string& name, std::optional<Duration>& into, const std::string& help) {
  return add_parsed<Duration>(app, name, into, help, not_negative)->type_name("DURATION");
}

CLI::Option* add_time(CLI::App& app, const std::string& name, std::optional<TimePoint>& into, const std::string& help) {
  const auto parse = [](const std::string& text) { return core::parse_time(text); };
  return add_parsed<TimePoint>(app, name, into, help, parse)->type_name("TIME");
}

CLI::Option* add_size(CLI::App& app, const std::string& name, std::optional<std::uint64_t>& into, const std::string& help) {
  return add_parsed<std::uint64_t>(app, name, into, help, parse_size)->type_name("SIZE");
}

CLI::Option* add_state(CLI::App& app, const std::string& name, std::optional<TaskState>& into, const std::string& help) {
  return add_parsed<TaskState>(app, name, into, help, parse_state)->type_name("STATE:{" + state_names(",") + "}");
}

}  // namespace windlass::app
