// From SQLite's result codes to windlass errors.
#pragma once

#include <string_view>

#include <windlass/error.hpp>

struct sqlite3;

namespace windlass::sqlite {

// What the caller can do about `result_code` (an extended code), with SQLite's own text, the file and, where there is one,
// the way out. `db` may be null. `path` names the database in the message.
Error error_of(int result_code, sqlite3* db, std::string_view path);

}  // namespace windlass::sqlite
