// Passwords, tokens and what else must not be guessed.
#pragma once

#include <string>
#include <string_view>

#include <windlass/error.hpp>

namespace windlass::web {

// 256 random bits from the kernel, in hexadecimal.
std::string new_secret();
// Takes the same time wherever the two differ.
bool same_secret(std::string_view a, std::string_view b);

// Hash of a password by crypt(3), with a fresh salt (yescrypt; bcrypt where libcrypt has none). Errors: kUnsupported.
Result<std::string> hash_password(const std::string& password);
// `hash`: yescrypt ($y$), bcrypt ($2b$), scrypt ($7$) or SHA-512 ($6$). Takes some ten milliseconds on purpose.
bool password_matches(const std::string& password, const std::string& hash);
// Of a kind that password_matches() knows.
bool is_password_hash(std::string_view hash);

}  // namespace windlass::web
