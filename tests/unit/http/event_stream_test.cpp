#include "http/event_stream.hpp"

#include <gtest/gtest.h>

namespace windlass::http {
namespace {

SharedBytes bytes_of(std::string text) { return std::make_shared<const std::string>(std::move(text)); }

TEST(EventStream, FormatsEachLineOfTheData) {
  EXPECT_EQ(format_event("queues", "{}"), "event: queues\ndata: {}\n\n");
  EXPECT_EQ(format_event("x", "a\nb\n"), "event: x\ndata: a\ndata: b\ndata: \n\n");
  EXPECT_EQ(format_event("x", ""), "event: x\ndata: \n\n");
}

TEST(EventStream, CountsWhatTheClientHasNotTaken) {
  int calls = 0;
  EventStream stream([&] { ++calls; });
  EXPECT_TRUE(stream.send(bytes_of("abc")));
  EXPECT_TRUE(stream.send(bytes_of("de")));
  EXPECT_EQ(calls, 2);
  EXPECT_EQ(stream.backlog(), 5U);
  EXPECT_EQ(stream.take().size(), 2U);
  EXPECT_EQ(stream.backlog(), 5U) << "taken by the loop is not taken by the client";
  stream.sent(4);
  EXPECT_EQ(stream.backlog(), 1U);
}

TEST(EventStream, SendsWhatWasSentBeforeItWasClosed) {
  EventStream stream([] {});
  stream.send(bytes_of("abc"));
  stream.close();
  EXPECT_FALSE(stream.send(bytes_of("late")));
  EXPECT_FALSE(stream.open());
  EXPECT_FALSE(stream.ended());
  EXPECT_EQ(stream.take().size(), 1U);
  EXPECT_TRUE(stream.ended());
}

TEST(EventStream, GivesUpAClientThatTakesNothing) {
  EventStream stream([] {});
  const SharedBytes large = bytes_of(std::string(EventStream::kBacklogMax / 4, 'x'));
  for (int i = 0; i < 4; ++i) EXPECT_TRUE(stream.send(large));
  EXPECT_FALSE(stream.send(large));
  EXPECT_FALSE(stream.open());
  EXPECT_TRUE(stream.ended()) << "what waited is let go";
}

}  // namespace
}  // namespace windlass::http
