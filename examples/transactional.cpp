// An order and the task that confirms it, in one transaction of the application's own SQLite database: both are there,
// or neither.
//   transactional FILE                 a database that holds the application's tables and those of windlass
#include <sqlite3.h>

#include <iostream>
#include <windlass/windlass.hpp>

bool run(sqlite3* db, const std::string& sql) {
  if (sqlite3_exec(db, sql.c_str(), nullptr, nullptr, nullptr) == SQLITE_OK) return true;
  std::cerr << sqlite3_errmsg(db) << '\n';
  return false;
}

// docs: enqueue
bool place_order(sqlite3* db, const std::string& item, int count) {
  if (!run(db, "BEGIN IMMEDIATE")) return false;
  bool good = run(db, "INSERT INTO orders(item, count) VALUES('" + item + "', " + std::to_string(count) + ")");
  windlass::SqliteEnqueuer tasks(db);
  if (good) {
    auto task = tasks.enqueue(windlass::Task("order:confirm", std::to_string(sqlite3_last_insert_rowid(db))));
    if (!task) std::cerr << task.error().message() << '\n';
    good = task.ok();
  }
  if (count < 1) good = false;  // any reason to think again: the task was never there
  run(db, good ? "COMMIT" : "ROLLBACK");
  return good;
}
// docs: end

int main(int argc, char** argv) {
  if (argc != 2) return std::cerr << "usage: transactional FILE\n", 2;
  auto broker = windlass::open_broker(std::string("sqlite:") + argv[1]);  // makes the tables of windlass
  if (!broker) return std::cerr << broker.error().message() << '\n', 1;
  sqlite3* db = nullptr;
  if (sqlite3_open(argv[1], &db) != SQLITE_OK) return std::cerr << sqlite3_errmsg(db) << '\n', 1;
  sqlite3_busy_timeout(db, 10'000);
  if (!run(db, "CREATE TABLE IF NOT EXISTS orders(id INTEGER PRIMARY KEY, item TEXT, count INT)")) return 1;
  std::cout << "three pens: " << (place_order(db, "pen", 3) ? "ordered" : "not ordered") << '\n'
            << "no pens: " << (place_order(db, "pen", 0) ? "ordered" : "not ordered") << '\n';

  windlass::Mux mux;
  mux.handle("order:confirm", [](windlass::Context& ctx) {
    std::cout << "confirmed order " + ctx.payload().bytes() + "\n" << std::flush;
  });
  windlass::Server server(*broker);
  const bool served = server.start(mux) && server.wait_until_empty();
  server.stop();
  sqlite3_close(db);
  return served ? 0 : 1;
}
