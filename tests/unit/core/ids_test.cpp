#include "core/ids.hpp"

#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <set>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

namespace windlass::core {
namespace {

using namespace std::chrono_literals;

constexpr TimePoint kNow{std::chrono::seconds(1'790'000'000)};

// A thread's ids never go back in time, so a test that looks at times needs a thread of its own.
template <class F>
void in_fresh_thread(F body) {
  std::thread(body).join();
}

std::uint64_t millis_of(const std::string& id) { return std::stoull(id.substr(0, 8) + id.substr(9, 4), nullptr, 16); }

TEST(NewUuid, IsCanonicalTextOfVersionSeven) {
  for (int i = 0; i < 1000; ++i) {
    const std::string id = new_uuid(kNow);
    ASSERT_EQ(id.size(), 36u);
    for (std::size_t at = 0; at < id.size(); ++at) {
      if (at == 8 || at == 13 || at == 18 || at == 23) {
        ASSERT_EQ(id[at], '-') << id;
      } else {
        ASSERT_NE(std::string("0123456789abcdef").find(id[at]), std::string::npos) << id;
      }
    }
    ASSERT_EQ(id[14], '7') << id;
    ASSERT_NE(std::string("89ab").find(id[19]), std::string::npos) << id;
  }
}

TEST(NewUuid, BeginsWithTheMillisecondsOfTheTimeGiven) {
  in_fresh_thread([] {
    EXPECT_EQ(millis_of(new_uuid(kNow + 123ms)), 1'790'000'000'123u);
    EXPECT_EQ(millis_of(new_uuid(kNow + 123ms + 999'999ns)), 1'790'000'000'123u);
    EXPECT_EQ(millis_of(new_uuid(kNow + 124ms)), 1'790'000'000'124u);
  });
}

TEST(NewUuid, SortsByTimeBelowTheMillisecond) {
  std::string early, late;
  in_fresh_thread([&] { late = new_uuid(kNow + 300us); });
  in_fresh_thread([&] { early = new_uuid(kNow + 299us); });
  EXPECT_LT(early, late);
}

TEST(NewUuid, IdsOfAThreadAscendWhileTheClockStandsStill) {
  std::string last = new_uuid(kNow);
  for (int i = 0; i < 100'000; ++i) {
    std::string next = new_uuid(kNow);
    ASSERT_LT(last, next);
    last = std::move(next);
  }
}

TEST(NewUuid, IdsOfAThreadAscendWhenTheClockIsSetBack) {
  in_fresh_thread([] {
    const std::string before = new_uuid(kNow);
    const std::string after = new_uuid(kNow - 1h);
    EXPECT_LT(before, after);
    EXPECT_LT(after, new_uuid(kNow + 1ms));
  });
}

TEST(NewUuid, TimesBeforeTheEpochCountAsTheEpoch) {
  in_fresh_thread([] { EXPECT_EQ(millis_of(new_uuid(TimePoint::min())), 0u); });
}

TEST(NewUuid, TheEndOfTimeFits) {
  in_fresh_thread([] {
    EXPECT_EQ(millis_of(new_uuid(TimePoint::max())), 9'223'372'036'854u);
    EXPECT_EQ(new_uuid(TimePoint::max())[14], '7');
  });
}

TEST(NewUuid, ThreadsNeverMakeTheSameId) {
  std::vector<std::vector<std::string>> made(7);
  std::vector<std::thread> threads;
  for (auto& ids : made) {
    threads.emplace_back([&ids] {
      for (int i = 0; i < 5000; ++i) ids.push_back(new_uuid(kNow));
    });
  }
  for (std::thread& thread : threads) thread.join();
  std::set<std::string> all;
  for (const auto& ids : made) all.insert(ids.begin(), ids.end());
  EXPECT_EQ(all.size(), 7u * 5000u);
}

// What a child process made of new_uuid, read through a pipe.
std::string id_of_child() {
  std::array<int, 2> ends{};
  if (::pipe(ends.data()) != 0) return "pipe failed";
  const pid_t child = ::fork();
  if (child == 0) {
    const std::string id = new_uuid(kNow);
    ::_exit(::write(ends[1], id.data(), id.size()) == 36 ? 0 : 1);
  }
  ::close(ends[1]);
  std::string id(36, '\0');
  const ssize_t got = ::read(ends[0], id.data(), id.size());
  ::close(ends[0]);
  int status = 0;
  ::waitpid(child, &status, 0);
  return got == 36 && status == 0 ? id : "child failed";
}

TEST(NewUuid, AForkedChildDoesNotRepeatTheRandomBitsOfItsParent) {
  new_uuid(kNow);  // stocks up
  const std::string first = id_of_child(), second = id_of_child(), own = new_uuid(kNow);
  ASSERT_EQ(first.size(), 36u) << first;
  EXPECT_NE(first.substr(19), second.substr(19));
  EXPECT_NE(first.substr(19), own.substr(19));
  EXPECT_NE(second.substr(19), own.substr(19));
}

TEST(NewProcessId, NamesHostAndProcessAndIsFresh) {
  const std::string id = new_process_id(kNow);
  const std::size_t second = id.rfind(':'), first = id.rfind(':', second - 1);
  ASSERT_NE(first, std::string::npos);
  EXPECT_GT(first, 0u) << "a host";
  EXPECT_EQ(id.substr(first + 1, second - first - 1), std::to_string(::getpid()));
  EXPECT_EQ(id.size() - second - 1, 36u);
  EXPECT_NE(id, new_process_id(kNow));
}

}  // namespace
}  // namespace windlass::core
