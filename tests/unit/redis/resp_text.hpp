// Replies as text, for tests: a readable, unambiguous form of any value, and random values in RESP.
#pragma once

#include <string>

#include "base/random.hpp"
#include "redis/reply.hpp"

namespace windlass::testing {

// E.g. [+OK, "a\x00b", 3, {"k": #t}, ~[1], >["x"], null, -"ERR no"].
std::string show(const redis::Value& value);

// A valid message in RESP with nesting up to `depth`. With resp2 only types that RESP2 has.
std::string random_message(base::Random& random, int depth, bool resp2);

}  // namespace windlass::testing
