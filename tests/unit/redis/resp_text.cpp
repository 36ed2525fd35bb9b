#include "unit/redis/resp_text.hpp"

namespace windlass::testing {
namespace {

using redis::Type;
using redis::Value;

std::string quoted(std::string_view text) {
  constexpr char kHex[] = "0123456789abcdef";
  std::string out = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= 32 && byte < 127 && c != '"' && c != '\\') {
      out += c;
    } else {
      out += {'\\', 'x', kHex[byte >> 4], kHex[byte & 15]};
    }
  }
  return out + "\"";
}

std::string children(const Value& value, const char* open, const char* close) {
  std::string out = open;
  bool first = true;
  for (const Value child : value) {
    if (!first) out += ", ";
    first = false;
    out += show(child);
  }
  return out + close;
}

std::string random_text(base::Random& random, bool any_byte) {
  std::string text;
  for (std::uint64_t n = random.below(random.below(10) == 0 ? 300 : 12); n > 0; --n) {
    text += static_cast<char>(any_byte ? random.below(256) : 'a' + random.below(26));
  }
  return text;
}

std::string bulk(char kind, const std::string& text) {
  return kind + std::to_string(text.size()) + "\r\n" + text + "\r\n";
}

std::string aggregate(base::Random& random, char kind, std::uint64_t per_entry, int depth, bool resp2) {
  const std::uint64_t n = random.below(5);
  std::string out = kind + std::to_string(n) + "\r\n";
  for (std::uint64_t i = 0; i < n * per_entry; ++i) out += random_message(random, depth - 1, resp2);
  return out;
}

}  // namespace

std::string show(const Value& value) {
  switch (value.type()) {
    case Type::kNull: return "null";
    case Type::kSimple: return "+" + std::string(value.text());
    case Type::kBulk: return quoted(value.text());
    case Type::kVerbatim: return "=" + quoted(value.text());
    case Type::kError: return "-" + quoted(value.text());
    case Type::kInteger: return std::to_string(*value.integer());
    case Type::kBoolean: return *value.integer() ? "#t" : "#f";
    case Type::kDouble: return "," + std::to_string(*value.real());
    case Type::kBigNumber: return "(" + std::string(value.text());
    case Type::kArray: return children(value, "[", "]");
    case Type::kSet: return children(value, "~[", "]");
    case Type::kPush: return children(value, ">[", "]");
    case Type::kMap: return children(value, "{", "}");
  }
  return "?";
}

std::string random_message(base::Random& random, int depth, bool resp2) {
  const std::uint64_t leaves = resp2 ? 6 : 13;
  const std::uint64_t aggregates = resp2 ? 1 : 4;
  switch (const std::uint64_t kind = random.below(depth > 0 ? leaves + aggregates : leaves); kind) {
    case 0: return "+" + random_text(random, false) + "\r\n";
    case 1: return "-ERR " + random_text(random, false) + "\r\n";
    case 2: return ":" + std::to_string(static_cast<std::int64_t>(random.next())) + "\r\n";
    case 3: return bulk('$', random_text(random, true));
    case 4: return "$-1\r\n";
    case 5: return "*-1\r\n";
    case 6:
      if (resp2) return aggregate(random, '*', 1, depth, resp2);
      return "_\r\n";
    case 7: return random.below(2) ? "#t\r\n" : "#f\r\n";
    case 8: return "," + std::to_string(random.unit() * 1000 - 500) + "\r\n";
    case 9: return "(-" + std::to_string(random.next()) + std::to_string(random.next()) + "\r\n";
    case 10: return bulk('!', "ERR " + random_text(random, true));
    case 11: return bulk('=', "txt:" + random_text(random, true));
    case 12: return "|1\r\n+ttl\r\n:5\r\n" + bulk('$', random_text(random, true));
    case 13: return aggregate(random, '*', 1, depth, resp2);
    case 14: return aggregate(random, '~', 1, depth, resp2);
    case 15: return aggregate(random, '>', 1, depth, resp2);
    default: return aggregate(random, '%', 2, depth, resp2);
  }
}

}  // namespace windlass::testing
