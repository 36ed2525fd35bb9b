#include <set>
#include <string>

#include <gtest/gtest.h>

#include <windlass/context.hpp>
#include <windlass/error.hpp>
#include <windlass/info.hpp>

namespace windlass {
namespace {

bool is_snake(std::string_view name) {
  return !name.empty() && name.find_first_not_of("abcdefghijklmnopqrstuvwxyz_") == name.npos;
}

// All names of the enumerators first..last: snake case, none twice, and none for the numbers around them.
template <class Enum, class NameOf>
void expect_names(int first, int last, NameOf name_of) {
  std::set<std::string_view> seen;
  for (int number = first; number <= last; ++number) {
    const std::string_view name = name_of(static_cast<Enum>(number));
    EXPECT_TRUE(is_snake(name)) << number;
    EXPECT_NE(name, "unknown") << number;
    EXPECT_TRUE(seen.insert(name).second) << name;
  }
  EXPECT_EQ(name_of(static_cast<Enum>(last + 1)), "unknown");
  EXPECT_EQ(name_of(static_cast<Enum>(255)), "unknown");
}

TEST(Names, EveryEnumeratorHasOneOfItsOwn) {
  expect_names<ErrorCode>(1, 18, error_code_name);
  expect_names<TaskState>(1, kTaskStateCount, task_state_name);
  expect_names<FailureKind>(0, 12, failure_kind_name);
  expect_names<StopReason>(0, 5, stop_reason_name);
}

TEST(Names, ErrorCodesThatScriptsMayRelyOn) {
  EXPECT_EQ(error_code_name(ErrorCode::kTaskNotFound), "task_not_found");
  EXPECT_EQ(error_code_name(ErrorCode::kDuplicateTask), "duplicate_task");
  EXPECT_EQ(error_code_name(ErrorCode::kInvalidArgument), "invalid_argument");
}

TEST(Names, StatesAreThoseOfAsynq) {
  EXPECT_EQ(task_state_name(TaskState::kActive), "active");
  EXPECT_EQ(task_state_name(TaskState::kPending), "pending");
  EXPECT_EQ(task_state_name(TaskState::kScheduled), "scheduled");
  EXPECT_EQ(task_state_name(TaskState::kRetry), "retry");
  EXPECT_EQ(task_state_name(TaskState::kArchived), "archived");
  EXPECT_EQ(task_state_name(TaskState::kCompleted), "completed");
  EXPECT_EQ(task_state_name(TaskState::kAggregating), "aggregating");
}

TEST(Names, AStateIsFoundByItsExactName) {
  for (int number = 1; number <= kTaskStateCount; ++number) {
    const auto state = static_cast<TaskState>(number);
    EXPECT_EQ(find_task_state(task_state_name(state)), state);
  }
  for (const char* name : {"", "Active", "active ", "unknown", "done"}) EXPECT_FALSE(find_task_state(name)) << name;
}

}  // namespace
}  // namespace windlass
