#include "core/unique_key.hpp"

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

std::string key_prefix(std::string_view queue, std::string_view type) {
  std::string key;
  key.reserve(queue.size() + type.size() + 64);
  key.append("asynq:{").append(queue).append("}:unique:").append(type).append(":");
  return key;
}

void append_hex(std::string& text, const Digest& digest) {
  for (const unsigned char byte : digest) {
    text += "0123456789abcdef"[byte >> 4];
    text += "0123456789abcdef"[byte & 0xF];
  }
}

}  // namespace

std::string unique_key(std::string_view queue, std::string_view type, const Payload& payload) {
  std::string key = key_prefix(queue, type);
  if (payload.present()) append_hex(key, digest_of(payload.bytes()));
  return key;
}

std::string unique_key_for(std::string_view queue, std::string_view type, std::string_view user_key) {
  std::string key = key_prefix(queue, type);
  key += "key:";
  append_hex(key, digest_of(user_key));
  return key;
}

}  // namespace windlass::core
