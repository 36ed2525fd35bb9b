#include "sqlite/error_map.hpp"

#include <sqlite3.h>

#include <cerrno>
#include <cstring>
#include <string>

namespace windlass::sqlite {

namespace {

struct Meaning {
  ErrorCode code;
  std::string_view advice;
};

Meaning meaning_of(int result_code, int system_error) {
  switch (result_code & 0xff) {
    case SQLITE_FULL: return {ErrorCode::kResourceExhausted, "free space on its file system and try again"};
    case SQLITE_NOMEM: return {ErrorCode::kResourceExhausted, "the process is out of memory"};
    case SQLITE_TOOBIG: return {ErrorCode::kResourceExhausted, "a value is larger than SQLite can store"};
    case SQLITE_CORRUPT: return {ErrorCode::kCorrupt, "the file is damaged: stop all users of it and restore a backup"};
    case SQLITE_NOTADB: return {ErrorCode::kCorrupt, "the file is not an SQLite database: give another path"};
    case SQLITE_BUSY_SNAPSHOT & 0xff:
      if (result_code == SQLITE_BUSY_SNAPSHOT) {
        return {ErrorCode::kUnavailable, "another connection wrote since this transaction first read: roll back, and start with BEGIN IMMEDIATE"};
      }
      return {ErrorCode::kUnavailable, "another connection holds the write lock: look for a transaction that was left open"};
    case SQLITE_LOCKED: return {ErrorCode::kUnavailable, "another statement of this process holds the table"};
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_AUTH: return {ErrorCode::kPermissionDenied, "give this user the right to write the file and its folder"};
    case SQLITE_CANTOPEN: return {ErrorCode::kUnavailable, "check that the folder exists and can be written"};
    case SQLITE_IOERR:
      if (system_error == ENOSPC || system_error == EDQUOT) {
        return {ErrorCode::kResourceExhausted, "free space on its file system and try again"};
      }
      return {ErrorCode::kUnavailable, "the file system reports an error: look into the kernel's log"};
    default: return {ErrorCode::kInternal, "this is a bug in windlass"};
  }
}

}  // namespace

Error error_of(int result_code, sqlite3* db, std::string_view path) {
  const int system_error = db != nullptr ? sqlite3_system_errno(db) : 0;
  const Meaning meaning = meaning_of(result_code, system_error);
  std::string text = "sqlite ";
  text += path;
  text += ": ";
  text += db != nullptr && sqlite3_extended_errcode(db) == result_code ? sqlite3_errmsg(db) : sqlite3_errstr(result_code);
  text += " (code " + std::to_string(result_code);
  if (system_error != 0 && (result_code & 0xff) == SQLITE_IOERR) {
    text += ", ";
    text += std::strerror(system_error);
  }
  text += "); ";
  text += meaning.advice;
  return Error(meaning.code, std::move(text));
}

}  // namespace windlass::sqlite
