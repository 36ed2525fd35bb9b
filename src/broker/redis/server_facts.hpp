// What a Redis server says of itself.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "redis/client.hpp"

namespace windlass::broker {

// The value of "name:value" in the text of INFO; empty if it is not there.
std::string_view info_field(std::string_view info, std::string_view name);

// The oldest Redis whose scripts can do what ours do (flags, ACL checks).
inline constexpr int kRedisMajorMin = 7;

// Connects, and looks whether the server is new enough. A server that does not tell its version is believed. True if the user may not
// run all commands on all keys.
//
// Errors: those of connecting; kUnsupported.
Result<bool> check_server(redis::Client& client);

// Commands of the broker that the present user may not run, by name. `needed`: it does not work without. `helpful`: it works, but
// is slower to notice tasks, or tells less.
struct Refusals {
  std::vector<std::string> needed;
  std::vector<std::string> helpful;
};

// Adds the question to a pipeline.
void ask_for_refusals(redis::Pipeline& pipeline);
Refusals read_refusals(const redis::Value& reply);

}  // namespace windlass::broker
