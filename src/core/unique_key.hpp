// The key of the lock that makes a task unique, as Asynq builds it.
#pragma once

#include <string>
#include <string_view>

#include <windlass/task.hpp>

namespace windlass::core {

// "asynq:{QUEUE}:unique:TYPE:" + lower-case hex MD5 of the payload, nothing there for an absent payload.
std::string unique_key(std::string_view queue, std::string_view type, const Payload& payload);
// The same place for a key chosen by the user: "asynq:{QUEUE}:unique:TYPE:key:" + MD5 of the key.
std::string unique_key_for(std::string_view queue, std::string_view type, std::string_view user_key);

// The key as it is for a task that moves to another queue: the lock is one of that queue then. Others stay as they are.
std::string unique_key_in(std::string_view queue, std::string_view from, std::string_view key);

}  // namespace windlass::core
