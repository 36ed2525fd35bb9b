// Record: what a consumer writes under the key of a message, and what others read from it. Pure.
//
// As text "windlass1 KIND OWNER ATTEMPT NUMBER SPAN KEEP", the last two in milliseconds. A Go consumer reads nothing of
// it: that there is a value is all it needs, and then it drops its copy. A value that is no such text belongs to a Go
// consumer.
//
//   run    OWNER runs attempt ATTEMPT. It writes a new record, with NUMBER one higher, several times in SPAN; when the
//   record has
//          stood for longer than SPAN, the owner is dead or cut off
//   wait   attempt ATTEMPT has failed; the next one may begin when the record has stood for SPAN
//   done   it succeeded, was revoked or dropped: all copies may be deleted
//   dead   it will not run again by itself: copies that were buried less than NUMBER times are to be buried
//
// How long a record has stood is KEEP, for which it was stored, less what is left of it by the store's clock. So no
// clock of any consumer matters.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <windlass/dq.hpp>
#include <windlass/time.hpp>

namespace windlass::dq {

struct Record {
  enum class Kind : std::uint8_t { kRun, kWait, kDone, kDead };

  Kind kind = Kind::kRun;
  std::string owner = "-";
  int attempt = 1;
  std::uint64_t number = 0;
  Duration span{};
  Duration keep{};

  std::string text() const;
  // Nothing for what is no record of ours.
  static std::optional<Record> parse(std::string_view text);
  // How long it has stood.
  Duration age(const Exchange& found) const { return keep - found.left; }
};

}  // namespace windlass::dq
