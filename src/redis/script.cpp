#include "redis/script.hpp"

#include <boost/uuid/detail/sha1.hpp>
#include <utility>

namespace windlass::redis {
namespace {

// Not OpenSSL's: its first call of a digest costs a process that needs no TLS 2 MiB of memory.
std::string sha1_hex(std::string_view text) {
  boost::uuids::detail::sha1 sha1;
  sha1.process_bytes(text.data(), text.size());
  boost::uuids::detail::sha1::digest_type words;
  sha1.get_digest(words);
  constexpr char kHex[] = "0123456789abcdef";
  std::string hex;
  for (const unsigned int word : words) {
    for (int shift = 28; shift >= 0; shift -= 4) hex += kHex[word >> shift & 15];
  }
  return hex;
}

}  // namespace

Script::Script(std::string source) : source_(std::move(source)), sha1_(sha1_hex(source_)) {}

}  // namespace windlass::redis
