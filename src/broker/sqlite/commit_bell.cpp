#include "broker/sqlite/commit_bell.hpp"

#include <sqlite3.h>

#include <string>

namespace windlass::broker {

namespace {

struct BellTable : sqlite3_vtab {
  std::shared_ptr<SideFile> file;
  std::uint32_t bits = 0;   // of the open transaction
};

BellTable* bell(sqlite3_vtab* table) { return static_cast<BellTable*>(table); }

int connect(sqlite3* db, void* file, int, const char* const*, sqlite3_vtab** table, char**) {
  const int code = sqlite3_declare_vtab(db, "CREATE TABLE bell(bits INTEGER)");
  if (code != SQLITE_OK) return code;
  auto* const made = new BellTable();
  made->file = *static_cast<std::shared_ptr<SideFile>*>(file);
  *table = made;
  return SQLITE_OK;
}

int disconnect(sqlite3_vtab* table) {
  delete bell(table);
  return SQLITE_OK;
}

// Nothing can be read from it.
int best_index(sqlite3_vtab*, sqlite3_index_info*) { return SQLITE_CONSTRAINT; }

// Arguments of an INSERT: NULL, the row number, the column.
int update(sqlite3_vtab* table, int count, sqlite3_value** values, sqlite3_int64*) {
  if (count != 3 || sqlite3_value_type(values[0]) != SQLITE_NULL) return SQLITE_READONLY;
  bell(table)->bits |= static_cast<std::uint32_t>(sqlite3_value_int64(values[2]));
  return SQLITE_OK;
}

int begin(sqlite3_vtab*) { return SQLITE_OK; }

int commit(sqlite3_vtab* table) {
  bell(table)->file->ring(bell(table)->bits);
  bell(table)->bits = 0;
  return SQLITE_OK;
}

int rollback(sqlite3_vtab* table) {
  bell(table)->bits = 0;
  return SQLITE_OK;
}

sqlite3_module make_module() {
  sqlite3_module module{};
  module.xConnect = connect;   // and no xCreate: the table exists without being created
  module.xDisconnect = disconnect;
  module.xBestIndex = best_index;
  module.xUpdate = update;
  module.xBegin = begin;
  module.xCommit = commit;
  module.xRollback = rollback;
  return module;
}

bool has_bell(sqlite3* db) {
  sqlite3_stmt* statement = nullptr;
  const int code = sqlite3_prepare_v2(db, "SELECT 1 FROM pragma_module_list WHERE name = 'windlass_bell'", -1, &statement, nullptr);
  const bool found = code == SQLITE_OK && sqlite3_step(statement) == SQLITE_ROW;
  sqlite3_finalize(statement);
  return found;
}

}  // namespace

void register_commit_bell(sqlite::Connection& db, const std::shared_ptr<SideFile>& file) {
  static const sqlite3_module kModule = make_module();
  if (has_bell(db.raw())) return;
  const int code = sqlite3_create_module_v2(db.raw(), "windlass_bell", &kModule, new std::shared_ptr<SideFile>(file),
                                            [](void* held) { delete static_cast<std::shared_ptr<SideFile>*>(held); });
  if (code != SQLITE_OK) db.record_failure(code);
}

void ring_at_commit(sqlite::Connection& db, std::uint32_t bits) {
  const std::string sql = "INSERT INTO windlass_bell VALUES(" + std::to_string(bits) + ")";
  db.script(sql.c_str());
}

}  // namespace windlass::broker
