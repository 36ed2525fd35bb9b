#include "redis/error_reply.hpp"

#include <string>

namespace windlass::redis {
namespace {

struct Meaning {
  std::string_view begins;
  ErrorCode code;
};

// The first that fits counts.
constexpr Meaning kMeanings[] = {
    {"NOAUTH", ErrorCode::kPermissionDenied},
    {"WRONGPASS", ErrorCode::kPermissionDenied},
    {"NOPERM", ErrorCode::kPermissionDenied},
    {"DENIED", ErrorCode::kPermissionDenied},
    {"ERR The user executing the script can't", ErrorCode::kPermissionDenied},
    {"ERR invalid password", ErrorCode::kPermissionDenied},
    {"ERR AUTH", ErrorCode::kPermissionDenied},
    {"ERR Client sent AUTH", ErrorCode::kPermissionDenied},
    {"LOADING", ErrorCode::kUnavailable},
    {"BUSY", ErrorCode::kUnavailable},
    {"MASTERDOWN", ErrorCode::kUnavailable},
    {"CLUSTERDOWN", ErrorCode::kUnavailable},
    {"TRYAGAIN", ErrorCode::kUnavailable},
    {"MOVED", ErrorCode::kUnavailable},
    {"ASK", ErrorCode::kUnavailable},
    {"READONLY", ErrorCode::kUnavailable},
    {"NOREPLICAS", ErrorCode::kUnavailable},
    {"MISCONF", ErrorCode::kUnavailable},
    {"ERR max number of clients", ErrorCode::kUnavailable},
    {"OOM", ErrorCode::kResourceExhausted},
    {"WRONGTYPE", ErrorCode::kCorrupt},
    {"CROSSSLOT", ErrorCode::kInvalidArgument},
    {"ERR DB index", ErrorCode::kInvalidArgument},
    {"ERR invalid DB index", ErrorCode::kInvalidArgument},
    {"ERR SELECT is not allowed in cluster mode", ErrorCode::kInvalidArgument},
    {"NOPROTO", ErrorCode::kUnsupported},
    {"ERR unknown command", ErrorCode::kUnsupported},
    {"ERR unknown subcommand", ErrorCode::kUnsupported},
    {"ERR Unknown subcommand", ErrorCode::kUnsupported},
};

}  // namespace

bool has_code(std::string_view error_text, std::string_view code) {
  if (!error_text.starts_with(code)) return false;
  return error_text.size() == code.size() || error_text[code.size()] == ' ';
}

bool is_error_with(const Value& reply, std::string_view code) {
  return reply.is_error() && has_code(reply.text(), code);
}

Error to_error(const Value& reply) {
  const std::string_view text = reply.text();
  for (const Meaning& meaning : kMeanings) {
    if (text.starts_with(meaning.begins)) return Error(meaning.code, std::string(text));
  }
  return Error(ErrorCode::kInternal, std::string(text));
}

}  // namespace windlass::redis
