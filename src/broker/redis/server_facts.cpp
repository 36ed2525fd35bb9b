#include "broker/redis/server_facts.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <set>

#include "broker/redis/keys.hpp"
#include "broker/redis/scripts.hpp"
#include "redis/error_reply.hpp"

namespace windlass::broker {
namespace {

struct Use {
  std::string command;  // with arguments, as the server sees it
  bool needed = true;
  std::string name() const {
    const bool has_sub_command = command.starts_with("CLIENT ") || command.starts_with("CONFIG ");
    const std::size_t first = command.find(' ');
    return command.substr(0, has_sub_command ? command.find(' ', first + 1) : first);
  }
};

// A queue that nobody has; nothing is done to it.
std::string example_key() { return queue_prefix("windlass-doctor") + "pending"; }

// All commands of the scripts, and those that are sent as they are.
std::vector<Use> list_uses() {
  const std::string key = example_key();
  std::set<std::string> names;
  for (unsigned i = 0; i < kScriptCount; ++i) names.merge(commands_of(static_cast<ScriptName>(i)));
  std::vector<Use> uses;
  for (const char* name : {"EVAL x 1 ", "EVALSHA x 1 "}) uses.push_back({name + key});
  for (const std::string& name : names) {
    std::string command;
    for (const std::string& word : permission_question(name, key)) command += word + " ";
    uses.push_back({command});
  }
  const std::string channels = std::string(kCancelChannel) + " " + std::string(kOwnCancelChannel);
  uses.push_back({"PUBLISH " + std::string(kCancelChannel) + " x"});
  uses.push_back({"PUBLISH " + std::string(kOwnCancelChannel) + " x"});
  uses.push_back({"SUBSCRIBE " + channels});
  uses.push_back({"SMEMBERS " + std::string(kQueuesKey)});
  uses.push_back({"CLIENT TRACKING ON OPTIN", false});
  uses.push_back({"CLIENT CACHING YES", false});
  uses.push_back({"BLMOVE " + key + " " + key + " RIGHT RIGHT 1", false});
  uses.push_back({"INFO server", false});
  uses.push_back({"CONFIG GET save", false});
  return uses;
}

const std::vector<Use>& uses() {
  static const std::vector<Use> all = list_uses();
  return all;
}

}  // namespace

std::string_view info_field(std::string_view info, std::string_view name) {
  while (!info.empty()) {
    const std::size_t end = std::min(info.find('\n'), info.size());
    std::string_view line = info.substr(0, end);
    info.remove_prefix(std::min(end + 1, info.size()));
    if (!line.starts_with(name) || line.size() <= name.size() || line[name.size()] != ':') continue;
    line.remove_prefix(name.size() + 1);
    return line.substr(0, line.find('\r'));
  }
  return {};
}

Result<bool> check_server(redis::Client& client) {
  redis::Pipeline pipeline;
  pipeline.add("INFO", "server").idempotent();
  ask_for_refusals(pipeline);
  const Result<redis::Replies> replies = client.call(pipeline);
  if (!replies) return replies.error();
  const redis::Value info = (*replies)[0];
  if (info.is_error()) {
    const Error error = redis::to_error(info);
    if (error.code() != ErrorCode::kPermissionDenied) return error;
  }
  const std::string_view version = info_field(info.is_error() ? "" : info.text(), "redis_version");
  int major = kRedisMajorMin;
  std::from_chars(version.data(), version.data() + version.size(), major);
  if (major < kRedisMajorMin) {
    return Error(ErrorCode::kUnsupported, "the server is Redis " + std::string(version) + "; it must be 7.0 or newer");
  }
  return !read_refusals((*replies)[1]).needed.empty();
}

void ask_for_refusals(redis::Pipeline& pipeline) {
  pipeline.eval(script(ScriptName::kRefusals), 1, uses().size()).key(example_key());
  for (const Use& use : uses()) pipeline.arg(use.command);
  pipeline.idempotent();
}

Refusals read_refusals(const redis::Value& reply) {
  Refusals refusals;
  if (reply.is_error()) return {{"EVALSHA"}, {}};
  for (const redis::Value number : reply) {
    const std::int64_t i = number.integer().value_or(0) - 1;
    if (i < 0 || i >= static_cast<std::int64_t>(uses().size())) continue;
    const Use& use = uses()[static_cast<std::size_t>(i)];
    std::vector<std::string>& names = use.needed ? refusals.needed : refusals.helpful;
    if (std::find(names.begin(), names.end(), use.name()) == names.end()) names.push_back(use.name());
  }
  return refusals;
}

}  // namespace windlass::broker
