#include <filesystem>
#include <stdexcept>

#include "broker/sqlite/sqlite_broker.hpp"
#include "conformance/rows.hpp"

namespace windlass::conformance {
namespace {

// A file in a folder of its own.
class SqliteStore final : public TestStore {
 public:
  explicit SqliteStore(broker::Durability durability) : durability_(durability) {
    std::string folder = (std::filesystem::temp_directory_path() / "windlass-conformance-XXXXXX").string();
    if (mkdtemp(folder.data()) == nullptr) throw std::runtime_error("no temporary folder");
    folder_ = folder;
  }
  ~SqliteStore() override { std::filesystem::remove_all(folder_); }

  std::shared_ptr<broker::Broker> open(base::Clock& clock, std::size_t payload_max) override {
    broker::DatabaseOptions options;
    options.path = (folder_ / "tasks.db").string();
    options.durability = durability_;
    auto opened = broker::open_sqlite_broker(options, clock, payload_max);
    if (!opened) throw std::runtime_error(opened.error().message());
    return *opened;
  }

 private:
  broker::Durability durability_;
  std::filesystem::path folder_;
};

std::unique_ptr<TestStore> make_store(broker::Durability durability) {
  return std::make_unique<SqliteStore>(durability);
}

}  // namespace

const std::vector<Row>& rows() {
  // The durabilities differ in what the disk is asked for alone; "full" is as users run it.
  static const std::vector<Row> all{{.name = "sqlite",
                                     .make = [] { return make_store(broker::Durability::kFull); },
                                     .make_quick = [] { return make_store(broker::Durability::kOff); },
                                     .survives = true,
                                     .shared = true}};
  return all;
}

}  // namespace windlass::conformance
