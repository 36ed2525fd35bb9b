// Payloads in bodies of requests.
#pragma once

#include <windlass/task.hpp>

#include "web/body.hpp"

namespace windlass::web {

// One of "payload" (text), "payload_base64", "payload_json" (any value, written as JSON); none: no payload.
// Errors: kInvalidArgument (several; no base64).
Result<Payload> payload_of(const Body& body);

}  // namespace windlass::web
