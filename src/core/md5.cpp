#include "core/md5.hpp"

#include <openssl/evp.h>
#include <openssl/provider.h>

#include <array>
#include <memory>
#include <new>

namespace windlass::core {

namespace {

// MD5 serves as a name here, not as protection, so it must work on machines whose OpenSSL is set to refuse it: hence a
// library context of our own, which no configuration file touches. Fetched once, never freed. Fails only without
// memory.
const EVP_MD* md5() {
  static const EVP_MD* const algorithm = [] {
    OSSL_LIB_CTX* const context = OSSL_LIB_CTX_new();
    if (context == nullptr || OSSL_PROVIDER_load(context, "default") == nullptr) throw std::bad_alloc();
    return EVP_MD_fetch(context, "MD5", nullptr);
  }();
  if (algorithm == nullptr) throw std::bad_alloc();
  return algorithm;
}

struct FreeContext {
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};

using Digest = std::array<unsigned char, 16>;

Digest digest_of(std::string_view bytes) {
  thread_local const std::unique_ptr<EVP_MD_CTX, FreeContext> context(EVP_MD_CTX_new());
  Digest digest{};
  if (context == nullptr || EVP_DigestInit_ex2(context.get(), md5(), nullptr) != 1 ||
      EVP_DigestUpdate(context.get(), bytes.data(), bytes.size()) != 1 ||
      EVP_DigestFinal_ex(context.get(), digest.data(), nullptr) != 1) {
    throw std::bad_alloc();
  }
  return digest;
}

}  // namespace

std::string md5_hex(std::string_view bytes) {
  std::string text;
  for (const unsigned char byte : digest_of(bytes)) {
    text += "0123456789abcdef"[byte >> 4];
    text += "0123456789abcdef"[byte & 0xF];
  }
  return text;
}

}  // namespace windlass::core
