#include "web/secrets.hpp"

#include <crypt.h>
#include <openssl/crypto.h>
#include <openssl/rand.h>

#include <array>
#include <memory>
#include <stdexcept>

namespace windlass::web {
namespace {

constexpr std::array<std::string_view, 7> kKinds{"$y$", "$gy$", "$7$", "$2b$", "$2y$", "$2a$", "$6$"};

std::string to_hex(const unsigned char* bytes, std::size_t size) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  for (std::size_t i = 0; i < size; ++i) text += {kDigits[bytes[i] >> 4], kDigits[bytes[i] & 15]};
  return text;
}

}  // namespace

std::string new_secret() {
  unsigned char bytes[32];
  if (::RAND_bytes(bytes, sizeof bytes) != 1) throw std::runtime_error("no random numbers");
  return to_hex(bytes, sizeof bytes);
}

bool same_secret(std::string_view a, std::string_view b) {
  return a.size() == b.size() && ::CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

Result<std::string> hash_password(const std::string& password) {
  const auto data = std::make_unique<crypt_data>();
  for (const char* kind : {"$y$", "$2b$"}) {
    char salt[CRYPT_GENSALT_OUTPUT_SIZE];
    if (!::crypt_gensalt_rn(kind, 0, nullptr, 0, salt, sizeof salt)) continue;
    const char* hash = ::crypt_r(password.c_str(), salt, data.get());
    if (hash && hash[0] == '$') return std::string(hash);
  }
  return Error(ErrorCode::kUnsupported, "the system's libcrypt knows neither yescrypt nor bcrypt");
}

bool password_matches(const std::string& password, const std::string& hash) {
  const auto data = std::make_unique<crypt_data>();
  const char* made = ::crypt_r(password.c_str(), hash.c_str(), data.get());
  return made && is_password_hash(hash) && same_secret(made, hash);
}

bool is_password_hash(std::string_view hash) {
  for (const std::string_view kind : kKinds) {
    if (hash.starts_with(kind)) return hash.size() > kind.size() + 20;
  }
  return false;
}

}  // namespace windlass::web
