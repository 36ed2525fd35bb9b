#include "redis/slots.hpp"

#include <algorithm>
#include <charconv>

#include "redis/error_reply.hpp"

namespace windlass::redis {
namespace {

constexpr std::array<std::uint16_t, 256> make_crc_table() {
  std::array<std::uint16_t, 256> table{};
  for (unsigned byte = 0; byte < 256; ++byte) {
    unsigned crc = byte << 8;
    for (int bit = 0; bit < 8; ++bit) crc = (crc & 0x8000) ? (crc << 1) ^ 0x1021 : crc << 1;
    table[byte] = static_cast<std::uint16_t>(crc);
  }
  return table;
}

constexpr std::array<std::uint16_t, 256> kCrcTable = make_crc_table();

Error corrupt() { return Error(ErrorCode::kCorrupt, "redis cluster: CLUSTER SLOTS gave something else than slots"); }

template <class T>
bool parse_whole(std::string_view text, T& number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size();
}

}  // namespace

std::uint16_t crc16(std::string_view bytes) {
  std::uint16_t crc = 0;
  for (const char c : bytes) {
    crc = static_cast<std::uint16_t>((crc << 8) ^ kCrcTable[((crc >> 8) ^ static_cast<unsigned char>(c)) & 0xff]);
  }
  return crc;
}

std::uint16_t key_slot(std::string_view key) {
  const std::size_t open = key.find('{');
  if (open != std::string_view::npos) {
    const std::size_t close = key.find('}', open + 1);
    if (close != std::string_view::npos && close > open + 1) key = key.substr(open + 1, close - open - 1);
  }
  return crc16(key) % kSlots;
}

Result<SlotMap> SlotMap::parse(const Value& reply, const Endpoint& asked) {
  if (!reply.is_aggregate()) return corrupt();
  SlotMap map;
  for (const Value range : reply) {
    if (range.size() < 3 || range[2].size() < 2) return corrupt();
    const auto first = range[0].integer();
    const auto last = range[1].integer();
    const auto port = range[2][1].integer();
    if (!first || !last || !port || *first < 0 || *last < *first || *last >= static_cast<std::int64_t>(kSlots) ||
        *port < 0 || *port > 65535) {
      return corrupt();
    }
    const std::string_view host = range[2][0].text();
    const bool unnamed = host.empty() || host == "?";
    const Endpoint owner{unnamed ? asked.host : std::string(host), static_cast<std::uint16_t>(*port), {}};
    map.assign(static_cast<std::size_t>(*first), static_cast<std::size_t>(*last), owner);
  }
  if (map.masters_.empty()) return Error(ErrorCode::kUnavailable, "redis cluster: no slots are assigned yet");
  return map;
}

const Endpoint* SlotMap::owner(std::uint16_t slot) const {
  const std::uint16_t index = owner_[slot];
  return index == kNobody ? nullptr : &masters_[index];
}

void SlotMap::assign(std::size_t first, std::size_t last, const Endpoint& owner) {
  auto at = std::find(masters_.begin(), masters_.end(), owner);
  if (at == masters_.end()) at = masters_.insert(at, owner);
  const auto index = static_cast<std::uint16_t>(at - masters_.begin());
  for (std::size_t slot = first; slot <= last; ++slot) owner_[slot] = index;
}

std::optional<Redirect> parse_redirect(const Value& reply, std::string_view code, const Endpoint& asked) {
  if (!is_error_with(reply, code)) return std::nullopt;
  std::string_view rest = reply.text();
  if (rest.size() <= code.size()) return std::nullopt;
  rest.remove_prefix(code.size() + 1);
  const std::size_t space = rest.find(' ');
  const std::size_t colon = rest.rfind(':');
  if (space == std::string_view::npos || colon == std::string_view::npos || colon < space) return std::nullopt;
  Redirect redirect;
  redirect.to.host = rest.substr(space + 1, colon - space - 1);
  if (redirect.to.host.empty()) redirect.to.host = asked.host;
  if (!parse_whole(rest.substr(0, space), redirect.slot) || redirect.slot >= kSlots) return std::nullopt;
  if (!parse_whole(rest.substr(colon + 1), redirect.to.port) || redirect.to.port == 0) return std::nullopt;
  return redirect;
}

}  // namespace windlass::redis
