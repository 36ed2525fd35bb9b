#include <chrono>
#include <cstdlib>
#include <string>
#include <utility>
#include <vector>

#include "broker/redis/operations.hpp"
#include "broker/redis/server_facts.hpp"

namespace windlass::broker {
namespace {

using Facts = std::vector<std::pair<std::string, std::string>>;

constexpr std::string_view kTopologies[] = {"standalone", "sentinel", "cluster"};

std::string addresses(const redis::Config& config) {
  std::string text;
  for (const redis::Endpoint& endpoint : config.endpoints) text += (text.empty() ? "" : ",") + endpoint.address();
  return text;
}

std::string join(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : ", ") + name;
  return text;
}

// What survives the end of the server: "aof everysec, rdb", "none".
std::string persistence(std::string_view info, const redis::Value& config) {
  std::vector<std::string> kinds;
  const auto setting = [&](std::string_view name) {
    const auto value = config.find(name);
    return value ? std::string(value->text()) : std::string();
  };
  if (info_field(info, "aof_enabled") == "1") {
    const std::string fsync = setting("appendfsync");
    kinds.push_back(fsync.empty() ? "aof" : "aof " + fsync);
  }
  if (!setting("save").empty()) kinds.emplace_back("rdb");
  if (kinds.empty() && config.is_error()) return "unknown";
  return kinds.empty() ? "none" : join(kinds);
}

// How far the server's clock is ahead of ours. The answer may have been made at any time between question and reply.
std::string clock_difference(const redis::Value& time, TimePoint asked, TimePoint answered) {
  if (time.size() != 2) return "";
  const std::int64_t us = time[0].integer().value_or(0) * 1'000'000 + time[1].integer().value_or(0);
  const TimePoint server{std::chrono::microseconds(us)};
  const Duration late = server > answered ? server - answered : server < asked ? server - asked : Duration::zero();
  return std::to_string(std::chrono::duration_cast<std::chrono::milliseconds>(late).count());
}

redis::Pipeline questions() {
  redis::Pipeline pipeline;
  pipeline.add("INFO").idempotent();
  pipeline.add("CONFIG", "GET", "appendfsync", "save").idempotent();
  pipeline.add("TIME").idempotent();
  ask_for_refusals(pipeline);
  return pipeline;
}

}  // namespace

Result<Facts> describe_redis(Store& store) {
  if (Status reached = store.client().ping(); !reached) return reached.error();  // the time below is without connecting
  const TimePoint asked = store.now();
  const Result<redis::Replies> replies = store.client().call(questions());
  const TimePoint answered = store.now();
  if (!replies) return replies.error();
  const std::string_view info = (*replies)[0].is_error() ? "" : (*replies)[0].text();
  const Refusals refusals = read_refusals((*replies)[3]);
  const redis::Config& config = store.client().config();

  Facts facts{{"broker", "redis"},
              {"server", addresses(config)},
              {"topology", std::string(kTopologies[static_cast<std::size_t>(config.topology)])},
              {"database", std::to_string(config.db)}};
  const auto add = [&](std::string name, std::string value) {
    if (!value.empty()) facts.emplace_back(std::move(name), std::move(value));
  };
  for (const char* name : {"redis_version", "role", "used_memory", "maxmemory", "maxmemory_policy"}) {
    add(name, std::string(info_field(info, name)));
  }
  add("persistence", persistence(info, (*replies)[1]));
  for (const char* name : {"rdb_last_bgsave_status", "aof_last_write_status"}) add(name, std::string(info_field(info, name)));
  add("clock_ahead_ms", clock_difference((*replies)[2], asked, answered));
  add("commands_refused", join(refusals.needed));
  add("commands_missed", join(refusals.helpful));
  return facts;
}

}  // namespace windlass::broker
