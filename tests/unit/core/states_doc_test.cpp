// Holds docs/internals/states.md to the code: its states are those of TaskState, and its tables use no others.
#include <fstream>
#include <map>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include <windlass/info.hpp>

namespace windlass {
namespace {

using Row = std::vector<std::string>;

std::string trimmed(const std::string& text) {
  const std::size_t begin = text.find_first_not_of(" \t");
  return begin == text.npos ? "" : text.substr(begin, text.find_last_not_of(" \t") - begin + 1);
}

Row cells_of(const std::string& line) {
  Row cells;
  std::stringstream stream(line.substr(1));
  for (std::string cell; std::getline(stream, cell, '|');) cells.push_back(trimmed(cell));
  return cells;
}

// The rows of the table whose head begins with these cells.
std::vector<Row> table(const Row& head) {
  std::ifstream file(WINDLASS_SOURCE_DIR "/docs/internals/states.md");
  std::vector<Row> rows;
  bool inside = false;
  for (std::string line; std::getline(file, line);) {
    const Row cells = line.starts_with("|") ? cells_of(line) : Row{};
    if (inside && cells.empty()) break;
    if (inside) rows.push_back(cells);
    inside = inside || (cells.size() >= head.size() && std::equal(head.begin(), head.end(), cells.begin()));
  }
  if (!rows.empty()) rows.erase(rows.begin());  // the line under the head
  return rows;
}

// The states named in a cell, which may also be "none" (the task does not exist).
std::vector<std::string> states_in(const std::string& cell) {
  std::vector<std::string> names;
  std::stringstream stream(cell);
  for (std::string name; std::getline(stream, name, ',');) names.push_back(trimmed(name));
  return names;
}

TEST(StatesDocument, ListsEveryStateWithItsNumber) {
  std::map<std::string, int> documented;
  for (const Row& row : table({"state", "number"})) {
    ASSERT_GE(row.size(), 2u);
    EXPECT_TRUE(documented.emplace(row[0], std::stoi(row[1])).second) << row[0] << " stands there twice";
  }
  std::map<std::string, int> real;
  for (int number = 1; number <= kTaskStateCount; ++number) {
    real.emplace(task_state_name(static_cast<TaskState>(number)), number);
  }
  EXPECT_EQ(documented, real);
}

TEST(StatesDocument, EveryMoveGoesFromAStateToAState) {
  const std::vector<Row> moves = table({"verb", "from", "to"});
  ASSERT_FALSE(moves.empty());
  std::set<std::string> left, reached;
  for (const Row& row : moves) {
    ASSERT_GE(row.size(), 4u) << row[0];
    for (const std::string& name : states_in(row[1])) left.insert(name);
    for (const std::string& name : states_in(row[2])) reached.insert(name);
  }
  std::set<std::string> all = {"none"};
  for (int number = 1; number <= kTaskStateCount; ++number) {
    all.emplace(task_state_name(static_cast<TaskState>(number)));
  }
  EXPECT_EQ(left, all) << "a state that no verb leaves, or that does not exist";
  EXPECT_EQ(reached, all) << "a state that no verb reaches, or that does not exist";
}

TEST(StatesDocument, NamesEveryWayToFinishATaskAndEveryAction) {
  std::string verbs;
  for (const Row& row : table({"verb", "from", "to"})) verbs += row[0] + "\n";
  for (const char* kind :
       {"kDone", "kComplete", "kRetry", "kArchive", "kSnooze", "kRequeue", "kDiscard", "kRun", "kDelete"}) {
    EXPECT_NE(verbs.find(kind), verbs.npos) << kind;
  }
}

}  // namespace
}  // namespace windlass
