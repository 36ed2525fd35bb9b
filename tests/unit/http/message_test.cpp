#include "http/message.hpp"

#include <gtest/gtest.h>

namespace windlass::http {
namespace {

TEST(Message, AHeaderCannotBreakOutOfItsLine) {
  Response response = Response::text(200, "");
  response.set("Location", "/a\r\nSet-Cookie: x=1\n\nbody");
  const std::string head = format_head(response, 0, true, "now");
  EXPECT_NE(head.find("Location: /a  Set-Cookie: x=1  body\r\n"), std::string::npos) << head;
  EXPECT_EQ(head.find("\nSet-Cookie"), std::string::npos);
}

TEST(Message, ALaterHeaderGoesOverAnEarlierOne) {
  Response response = Response::json(201, "{}");
  response.set("content-type", "text/plain");
  EXPECT_EQ(response.headers.size(), 1U);
  EXPECT_EQ(*response.header("Content-Type"), "text/plain");
}

TEST(Message, TheHeadSaysWhatBelongsToTheStatus) {
  EXPECT_EQ(format_head(Response(204), std::string::npos, true, "D"), "HTTP/1.1 204 No Content\r\nDate: D\r\n\r\n");
  EXPECT_EQ(format_head(Response(404), 3, false, "D"),
            "HTTP/1.1 404 Not Found\r\nDate: D\r\nContent-Length: 3\r\nConnection: close\r\n\r\n");
}

TEST(Message, AnEncodingIsTakenUnlessItsQualityIsZero) {
  EXPECT_TRUE(list_accepts("gzip, deflate, br", "gzip"));
  EXPECT_TRUE(list_accepts("br;q=1.0, GZIP;q=0.5", "gzip"));
  EXPECT_FALSE(list_accepts("gzip;q=0", "gzip"));
  EXPECT_FALSE(list_accepts("gzip;q=0.000, br", "gzip"));
  EXPECT_FALSE(list_accepts("", "gzip"));
  EXPECT_FALSE(list_accepts("xgzip", "gzip"));
}

}  // namespace
}  // namespace windlass::http
