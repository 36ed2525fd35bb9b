#include "web/payload_body.hpp"

#include "mux/base64.hpp"

namespace windlass::web {

Result<Payload> payload_of(const Body& body) {
  const int given = body.has("payload") + body.has("payload_base64") + body.has("payload_json");
  if (given > 1) return Error(ErrorCode::kInvalidArgument, "give one of payload, payload_base64 and payload_json");
  if (const codec::Value* value = body.find("payload_json")) return Payload(codec::write_json(*value));
  if (body.has("payload_base64")) {
    const auto text = body.text("payload_base64");
    if (!text) return text.error();
    auto bytes = codec::decode_base64(*text);
    if (!bytes) return Error(ErrorCode::kInvalidArgument, "field 'payload_base64': is no base64 (RFC 4648, padded)");
    return Payload(*std::move(bytes));
  }
  if (!body.has("payload")) return Payload();
  auto text = body.text("payload");
  if (!text) return text.error();
  return Payload(*std::move(text));
}

}  // namespace windlass::web
