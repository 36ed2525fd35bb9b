#include "core/enqueue_plan.hpp"

#include <limits>

#include <gtest/gtest.h>

#include "core/unique_key.hpp"

namespace windlass::core {
namespace {

using namespace std::chrono_literals;
using namespace std::string_literals;

constexpr TimePoint kNow = TimePoint(std::chrono::seconds(1'700'000'000)) + 123'456'789ns;
constexpr std::size_t kPayloadMax = 1000;

Result<EnqueuePlan> plan(const EnqueueOptions& options, const Task& task = Task("t", "p")) {
  return plan_enqueue(task, options, kNow, "fresh", kPayloadMax);
}

EnqueuePlan good(const EnqueueOptions& options, const Task& task = Task("t", "p")) {
  const Result<EnqueuePlan> result = plan(options, task);
  if (result) return *result;
  ADD_FAILURE() << result.error().message();
  return {};
}

void expect_refused(const Result<EnqueuePlan>& result, const std::string& message,
                    ErrorCode code = ErrorCode::kInvalidArgument) {
  ASSERT_FALSE(result) << message;
  EXPECT_EQ(result.error().code(), code);
  EXPECT_EQ(result.error().message(), message);
}

TEST(PlanEnqueue, TheDurabilityOfTheCallGoesOverThatOfTheTask) {
  const Task task("t", {}, EnqueueOptions().durability(EnqueueDurability::local_fsync()));
  EXPECT_EQ(good({}, task).durability, EnqueueDurability::local_fsync());
  EXPECT_EQ(good(EnqueueOptions().durability(EnqueueDurability::replicated(2)), task).durability, EnqueueDurability::replicated(2));
  EXPECT_EQ(good({}).durability, EnqueueDurability::broker_default());
  expect_refused(plan(EnqueueOptions().durability(EnqueueDurability::replicated(-1))), "durability cannot ask for -1 replicas");
}

TEST(PlanEnqueue, WithoutOptionsEverythingHasItsDefault) {
  const EnqueuePlan p = good({});
  TaskMessage expected;
  expected.id = "fresh";
  expected.queue = "default";
  expected.type = "t";
  expected.payload = "p";
  expected.max_retry = 25;
  expected.timeout = 30min;
  expected.enqueued_at = kNow;
  EXPECT_EQ(p.message, expected);
  EXPECT_EQ(p.process_at, kNoTime);
  EXPECT_EQ(p.unique_ttl, 0s);
  EXPECT_EQ(planned_state(p, kNow), TaskState::kPending);
}

TEST(PlanEnqueue, EveryOptionReachesTheMessageExactly) {
  const EnqueuePlan p = good(EnqueueOptions()
                                 .queue("q")
                                 .max_retry(7)
                                 .timeout(1500ms)
                                 .deadline(kNow + 3h + 1ns)
                                 .expires_at(kNow + 2h + 1ns)
                                 .unique(90s)
                                 .process_at(kNow + 1h + 1ns)
                                 .task_id("id")
                                 .retention(1ms)
                                 .group("g")
                                 .header("k", "v"));
  TaskMessage expected;
  expected.id = "id";
  expected.queue = "q";
  expected.type = "t";
  expected.payload = "p";
  expected.headers = {{"k", "v"}};
  expected.max_retry = 7;
  expected.timeout = 1500ms;
  expected.deadline = kNow + 3h + 1ns;
  expected.retention = 1ms;
  expected.unique_key = unique_key("q", "t", "p");
  expected.group = "g";
  expected.expires_at = kNow + 2h + 1ns;
  expected.scheduled_at = kNow + 1h + 1ns;
  expected.enqueued_at = kNow;
  EXPECT_EQ(p.message, expected);
  EXPECT_EQ(p.process_at, kNow + 1h + 1ns);
}

TEST(PlanEnqueue, OptionsOfTheCallGoOverThoseOfTheTask) {
  const Task task("t", "p", EnqueueOptions().queue("q").max_retry(1).header("a", "1").header("b", "1"));
  const EnqueuePlan p = good(EnqueueOptions().max_retry(2).header("b", "2"), task);
  EXPECT_EQ(p.message.queue, "q");
  EXPECT_EQ(p.message.max_retry, 2);
  EXPECT_EQ(p.message.headers, (Headers{{"a", "1"}, {"b", "2"}}));
}

TEST(PlanEnqueue, TellsAnAbsentPayloadFromAnEmptyOne) {
  EXPECT_FALSE(good({}, Task("t")).message.payload.present());
  EXPECT_TRUE(good({}, Task("t", "")).message.payload.present());
  EXPECT_EQ(good(EnqueueOptions().unique(1s), Task("t")).message.unique_key, "asynq:{default}:unique:t:");
  EXPECT_EQ(good(EnqueueOptions().unique(1s), Task("t", "")).message.unique_key,
            "asynq:{default}:unique:t:d41d8cd98f00b204e9800998ecf8427e");
}

// ------------------------------------------------------------------------------------------------ refused values

TEST(PlanEnqueue, RefusesBlankNamesWithTheTextsOfAsynq) {
  for (const std::string& blank : {""s, " \t\n"s, "\u3000\u00A0"s}) {
    expect_refused(plan({}, Task(blank)), "task typename cannot be empty");
    expect_refused(plan(EnqueueOptions().queue(blank)), "queue name must contain one or more characters");
    expect_refused(plan(EnqueueOptions().task_id(blank)), "task ID cannot be empty");
    expect_refused(plan(EnqueueOptions().group(blank)), "group key cannot be empty");
  }
}

TEST(PlanEnqueue, TakesNamesWithBlanksInThemVerbatim) {
  const EnqueuePlan p = good(EnqueueOptions().queue(" Q }").task_id(" i:d ").group(" g "), Task(" T "));
  EXPECT_EQ(p.message.queue, " Q }");
  EXPECT_EQ(p.message.id, " i:d ");
  EXPECT_EQ(p.message.group, " g ");
  EXPECT_EQ(p.message.type, " T ");
}

TEST(PlanEnqueue, RefusesAUniqueTtlUnderOneSecond) {
  for (const Duration ttl : {Duration(999'999'999ns), Duration(0s), Duration(-5s)}) {
    expect_refused(plan(EnqueueOptions().unique(ttl)), "Unique TTL cannot be less than 1s");
  }
  EXPECT_EQ(good(EnqueueOptions().unique(1s)).unique_ttl, 1s);
}

TEST(PlanEnqueue, RefusesToExpireNowOrEarlier) {
  expect_refused(plan(EnqueueOptions().expires_in(0s)), "expires_in must be more than 0, not 0s");
  expect_refused(plan(EnqueueOptions().expires_in(-1500ms)), "expires_in must be more than 0, not -1.5s");
}

TEST(PlanEnqueue, RefusesInvalidUtf8AndNamesTheTextAndThePlace) {
  const std::string bad = "ab\xFFz";
  const std::string tail = " is not valid UTF-8 at byte 2: \"ab\uFFFDz\"";
  expect_refused(plan({}, Task(bad)), "task typename" + tail);
  expect_refused(plan(EnqueueOptions().queue(bad)), "queue name" + tail);
  expect_refused(plan(EnqueueOptions().task_id(bad)), "task ID" + tail);
  expect_refused(plan(EnqueueOptions().group(bad)), "group key" + tail);
  expect_refused(plan(EnqueueOptions().header(bad, "v")), "header key" + tail);
  expect_refused(plan(EnqueueOptions().header("k", bad)), "value of header \"k\"" + tail);
  expect_refused(plan({}, Task("t", {}, EnqueueOptions().header("k", bad))), "value of header \"k\"" + tail);
}

TEST(PlanEnqueue, APayloadAndAUniqueKeyMayBeAnyBytes) {
  const EnqueuePlan p = good(EnqueueOptions().unique(1s, "\xFF\0"s), Task("t", "\xFF\0"s));
  EXPECT_EQ(p.message.payload.bytes(), "\xFF\0"s);
  EXPECT_EQ(p.message.unique_key, unique_key_for("default", "t", "\xFF\0"s));
}

TEST(PlanEnqueue, RefusesAPayloadOverTheLimitWithBothNumbers) {
  EXPECT_TRUE(plan({}, Task("t", std::string(kPayloadMax, 'x'))));
  expect_refused(plan({}, Task("t", std::string(kPayloadMax + 1, 'x'))),
                 "payload is too large: 1001 bytes, at most 1000 are allowed", ErrorCode::kResourceExhausted);
}

TEST(PlanEnqueue, TheTypeIsCheckedBeforeAllElse) {
  expect_refused(plan(EnqueueOptions().queue("").unique(0s), Task("")), "task typename cannot be empty");
}

// ------------------------------------------------------------------------------------------------------- numbers

TEST(PlanEnqueue, NegativeRetriesCountAsNone) {
  EXPECT_EQ(good(EnqueueOptions().max_retry(-1)).message.max_retry, 0);
  EXPECT_EQ(good(EnqueueOptions().max_retry(std::numeric_limits<int>::min())).message.max_retry, 0);
  EXPECT_EQ(good(EnqueueOptions().max_retry(0)).message.max_retry, 0);
  EXPECT_EQ(good(EnqueueOptions().max_retry(std::numeric_limits<int>::max())).message.max_retry, 2147483647);
}

TEST(PlanEnqueue, TheDefaultTimeoutHoldsOnlyWhereNothingElseBoundsTheRun) {
  const TimePoint deadline = kNow + 1h;
  EXPECT_EQ(good({}).message.timeout, 30min);
  EXPECT_EQ(good(EnqueueOptions().timeout(0s)).message.timeout, 30min) << "as in Asynq, 0 cannot be told from absent";
  EXPECT_EQ(good(EnqueueOptions().deadline(kNoTime)).message.timeout, 30min) << "a zero deadline is not given";
  EXPECT_EQ(good(EnqueueOptions().deadline(deadline)).message.timeout, 0s);
  EXPECT_EQ(good(EnqueueOptions().deadline(deadline).timeout(0s)).message.timeout, 0s);
  EXPECT_EQ(good(EnqueueOptions().deadline(deadline).timeout(5s)).message.timeout, 5s);
  EXPECT_EQ(good(EnqueueOptions().deadline(deadline)).message.deadline, deadline);
}

TEST(PlanEnqueue, TimesBelowASecondAreKept) {
  const EnqueuePlan p = good(EnqueueOptions().timeout(1ns).retention(900ms).process_in(1ns).expires_in(1ns));
  EXPECT_EQ(p.message.timeout, 1ns);
  EXPECT_EQ(p.message.retention, 900ms);
  EXPECT_EQ(p.process_at, kNow + 1ns);
  EXPECT_EQ(p.message.expires_at, kNow + 1ns);
}

TEST(PlanEnqueue, ANegativeTimeoutIsKeptAndANegativeRetentionIsNone) {
  EXPECT_EQ(good(EnqueueOptions().timeout(-1s)).message.timeout, -1s);
  EXPECT_EQ(good(EnqueueOptions().retention(-1s)).message.retention, 0s);
}

TEST(PlanEnqueue, HugeDelaysStopAtTheEndOfTime) {
  const EnqueuePlan p =
      good(EnqueueOptions().process_in(Duration::max()).expires_in(Duration::max()).unique(Duration::max()));
  EXPECT_EQ(p.process_at, TimePoint::max());
  EXPECT_EQ(p.message.expires_at, TimePoint::max());
  EXPECT_EQ(p.unique_ttl, Duration::max());
  EXPECT_EQ(good(EnqueueOptions().process_in(Duration::min())).process_at, kNoTime);
}

// --------------------------------------------------------------------------------------------------------- route

TEST(PlanEnqueue, AFutureTimeSchedulesEvenAGroupTask) {
  const EnqueuePlan p = good(EnqueueOptions().process_in(1ns).group("g"));
  EXPECT_EQ(planned_state(p, kNow), TaskState::kScheduled);
  EXPECT_EQ(p.message.scheduled_at, kNow + 1ns);
  EXPECT_EQ(p.message.group, "g");
}

TEST(PlanEnqueue, NowOrAPastTimeMeansAtOnce) {
  for (const EnqueueOptions& options :
       {EnqueueOptions().process_at(kNow), EnqueueOptions().process_at(kNow - 1h), EnqueueOptions().process_at(kNoTime),
        EnqueueOptions().process_in(0s), EnqueueOptions().process_in(-1h)}) {
    const EnqueuePlan p = good(options);
    EXPECT_EQ(p.process_at, kNoTime);
    EXPECT_EQ(p.message.scheduled_at, kNoTime);
    EXPECT_EQ(planned_state(p, kNow), TaskState::kPending);
  }
}

TEST(PlanEnqueue, AGroupWithoutAFutureTimeAggregates) {
  EXPECT_EQ(planned_state(good(EnqueueOptions().group("g")), kNow), TaskState::kAggregating);
  EXPECT_EQ(planned_state(good(EnqueueOptions().group("g").process_in(-1s)), kNow), TaskState::kAggregating);
}

TEST(PlannedState, APlanWhoseTimeHasComeIsNoLongerScheduled) {
  const EnqueuePlan p = good(EnqueueOptions().process_in(1s));
  EXPECT_EQ(planned_state(p, kNow + 999ms), TaskState::kScheduled);
  EXPECT_EQ(planned_state(p, kNow + 1s), TaskState::kPending);
}

// ------------------------------------------------------------------------------------------------ unique, expiry

TEST(PlanEnqueue, TheLockOfAScheduledTaskCountsFromItsTime) {
  EXPECT_EQ(good(EnqueueOptions().unique(30s)).unique_ttl, 30s);
  EXPECT_EQ(good(EnqueueOptions().unique(30s).process_in(1h + 1ms)).unique_ttl, 1h + 30s + 1ms);
  EXPECT_EQ(good(EnqueueOptions().unique(30s).process_at(kNow - 1h)).unique_ttl, 30s);
}

TEST(PlanEnqueue, AKeyOfTheUserTakesThePlaceOfThePayload) {
  const EnqueuePlan a = good(EnqueueOptions().unique(1s, "key"), Task("t", "one"));
  const EnqueuePlan b = good(EnqueueOptions().unique(1s, "key"), Task("t", "two"));
  EXPECT_EQ(a.message.unique_key, unique_key_for("default", "t", "key"));
  EXPECT_EQ(a.message.unique_key, b.message.unique_key);
}

TEST(PlanEnqueue, WithoutUniqueThereIsNoKey) { EXPECT_EQ(good({}).message.unique_key, ""); }

TEST(PlanEnqueue, ExpiryMayLieInThePastWhenGivenAsATime) {
  EXPECT_EQ(good(EnqueueOptions().expires_at(kNow - 1h)).message.expires_at, kNow - 1h);
  EXPECT_EQ(good(EnqueueOptions().expires_at(kNoTime)).message.expires_at, kNoTime);
}

TEST(PlanEnqueue, ExpiryByLengthCountsFromTheCall) {
  EXPECT_EQ(good(EnqueueOptions().expires_in(90s).process_in(1h)).message.expires_at, kNow + 90s);
}

}  // namespace
}  // namespace windlass::core
