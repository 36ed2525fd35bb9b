#include <utility>

#include "fault/stage.hpp"

namespace windlass::fault {
namespace {

class SqliteStage final : public Stage {
 public:
  SqliteStage(std::string durability, DiskTrouble trouble) : durability_(std::move(durability)), trouble_(trouble) {}

  std::string url() const override { return "sqlite:" + disk_.file("tasks.db") + "?durability=" + durability_; }
  std::vector<std::string> environment(const std::string&) override {
    return trouble_ == DiskTrouble::kNone ? std::vector<std::string>() : disk_.environment();
  }
  bool takes_all_down() const override { return trouble_ == DiskTrouble::kPower; }
  std::string trouble(base::Random& random) override {
    if (trouble_ == DiskTrouble::kNone) return "nothing";
    if (trouble_ != DiskTrouble::kPower) return disk_.refuse_for_a_while(trouble_, random);
    disk_.lose_power(disk_.path());
    return "loss of power";
  }

 private:
  const Disk disk_;
  const std::string durability_;
  const DiskTrouble trouble_;
};

}  // namespace

StagePtr sqlite_stage(std::string durability, DiskTrouble trouble) {
  return std::make_unique<SqliteStage>(std::move(durability), trouble);
}

}  // namespace windlass::fault
