// From a broker URL to a broker.
//
//   memory:            in this process only, gone with it
//   sqlite:PATH        a file on this machine, shared by any number of processes; options follow as ?key=value&...
//                        durability=full|normal|off   (full: what is acknowledged survives power loss)
//                        payload_max=BYTES            (default 64 MiB)
//   redis://...        a Redis of version 7.0 or newer, shared with Go Asynq; also rediss:, redis-socket:, redis-sentinel: and
//                      redis-cluster: (redis/url.hpp), with
//                        payload_max=BYTES            (default 64 MiB)
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include <windlass/error.hpp>

#include "base/clock.hpp"
#include "broker/broker.hpp"

namespace windlass::broker {

// Errors: kInvalidArgument (unknown scheme or option, named in the message with what is allowed), and those of the broker.
Result<std::shared_ptr<Broker>> open_broker(std::string_view url, base::Clock& clock = base::real_clock());

// The URL without password, fit for logs and messages.
std::string redact_url(std::string_view url);

}  // namespace windlass::broker
