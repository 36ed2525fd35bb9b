#include "core/entry_identity.hpp"

#include <array>

#include <openssl/sha.h>

#include "core/message.hpp"

namespace windlass::core {

namespace {

// Parts with their lengths, so that no two lists of parts have the same text.
void append_part(std::string& text, std::string_view part) {
  text += std::to_string(part.size());
  text += ':';
  text += part;
}

std::array<unsigned char, SHA256_DIGEST_LENGTH> digest(std::string_view text) {
  std::array<unsigned char, SHA256_DIGEST_LENGTH> hash{};
  SHA256(reinterpret_cast<const unsigned char*>(text.data()), text.size(), hash.data());
  return hash;
}

std::uint64_t number_of(std::string_view text) {
  std::uint64_t number = 0;
  const auto hash = digest(text);
  for (std::size_t i = 0; i < sizeof number; ++i) number = number << 8 | hash[i];
  return number;
}

}  // namespace

std::string entry_id(std::string_view spec, std::string_view zone, const Task& task) {
  std::string text;
  append_part(text, spec);
  append_part(text, zone);
  append_part(text, task.type());
  append_part(text, task.options().queue().value_or(std::string(kDefaultQueue)));
  append_part(text, task.payload().present() ? "payload" : "none");
  append_part(text, task.payload().bytes());
  constexpr std::size_t kBytes = 12;
  constexpr const char* kHex = "0123456789abcdef";
  std::string id = "auto:";
  const auto hash = digest(text);
  for (std::size_t i = 0; i < kBytes; ++i) {
    id += kHex[hash[i] >> 4];
    id += kHex[hash[i] & 15];
  }
  return id;
}

Duration entry_phase(std::string_view id) {
  return std::chrono::seconds(static_cast<std::int64_t>(number_of(id) >> 32));
}

Duration tick_jitter(std::string_view id, TimePoint nominal, Duration jitter) {
  if (jitter <= Duration::zero()) return Duration::zero();
  std::string text;
  append_part(text, id);
  append_part(text, std::to_string(nominal.time_since_epoch().count()));
  return Duration(static_cast<Duration::rep>(number_of(text) % static_cast<std::uint64_t>(jitter.count())));
}

}  // namespace windlass::core
