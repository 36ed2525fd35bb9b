// A broker is the store of tasks that clients, servers and inspectors share. Opened once, passed to all of them.
//
//   auto broker = windlass::open_broker("sqlite:tasks.db");
//   if (!broker) return fail(broker.error());
//   windlass::Client client(*broker);
#pragma once

#include <memory>
#include <string_view>

#include <windlass/error.hpp>

namespace windlass {

namespace broker {
class Broker;
}

// Shared by any number of clients, servers and inspectors, from any threads; the last one closes it.
using BrokerPtr = std::shared_ptr<broker::Broker>;

// Opens (and creates, where that makes sense) the store:
//
//   memory:            in this process only, gone with it: for tests and trials
//   sqlite:PATH        a file on this machine, shared by any number of processes
//     ?durability=     full (default): what is acknowledged survives power loss; normal: survives the death of any process,
//                      power loss may take the last moments; off: power loss may damage the file
//     &payload_max=    largest payload in bytes, default 67108864 (64 MiB)
//   redis://HOST:PORT/DB   a Redis of version 7.0 or newer, shared with Go Asynq; as durable as it is configured to be
//     ?payload_max=    as above
//   rediss: redis-socket: redis-sentinel: redis-cluster:   see docs/reference/broker-urls.md
//
// Errors: kInvalidArgument (unknown scheme or option), kUnavailable, kPermissionDenied, kCorrupt (no database, damaged),
// kUnsupported (written by a newer version; a Redis that is too old).
Result<BrokerPtr> open_broker(std::string_view url);

}  // namespace windlass
