// Hash slots of Redis Cluster: which slot a key is in, and which node owns a slot.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

#include "redis/reply.hpp"
#include "redis/url.hpp"

namespace windlass::redis {

inline constexpr std::size_t kSlots = 16384;

// CRC-16/XMODEM.
std::uint16_t crc16(std::string_view bytes);

// The slot of a key: of what stands between its first '{' and the next '}', if that is not empty, else of all of it.
std::uint16_t key_slot(std::string_view key);

// Thread-compatible value.
class SlotMap {
 public:
  // From the reply of CLUSTER SLOTS. A node without an address of its own is the one that was `asked`.
  //
  // Errors: kCorrupt; kUnavailable (no slot is owned by anybody yet).
  static Result<SlotMap> parse(const Value& reply, const Endpoint& asked);

  // Null: nobody.
  const Endpoint* owner(std::uint16_t slot) const;
  void assign(std::uint16_t slot, const Endpoint& owner) { assign(slot, slot, owner); }
  const std::vector<Endpoint>& masters() const { return masters_; }

 private:
  void assign(std::size_t first, std::size_t last, const Endpoint& owner);

  static constexpr std::uint16_t kNobody = 0xffff;

  std::vector<Endpoint> masters_;
  std::array<std::uint16_t, kSlots> owner_ = make_empty();

  static constexpr std::array<std::uint16_t, kSlots> make_empty() {
    std::array<std::uint16_t, kSlots> empty{};
    empty.fill(kNobody);
    return empty;
  }
};

// Where "MOVED 3999 127.0.0.1:6381" and "ASK ..." point to.
struct Redirect {
  std::uint16_t slot = 0;
  Endpoint to;
};

// Nothing if `reply` is no such error. A redirect without a host means the host that was `asked`.
std::optional<Redirect> parse_redirect(const Value& reply, std::string_view code, const Endpoint& asked);

}  // namespace windlass::redis
