#include "http/parser.hpp"

#include <gtest/gtest.h>

namespace windlass::http {
namespace {

// Feeds in pieces of `step` bytes, as a connection does: what is not taken comes again with the next piece.
Request read_whole(RequestParser& parser, std::string& input, std::size_t step) {
  std::string pending;
  while (!parser.done() && !parser.failed() && !input.empty()) {
    pending += input.substr(0, step);
    input.erase(0, std::min(step, input.size()));
    pending.erase(0, parser.feed(pending));
  }
  input.insert(0, pending);
  if (!parser.done()) {
    ADD_FAILURE() << "no whole request";
    return {};
  }
  return parser.take();
}

int status_of(std::string input, Limits limits = {}) {
  RequestParser parser(limits);
  parser.feed(input);
  return parser.failed() ? parser.failed()->status : 0;
}

constexpr std::string_view kPost =
    "POST /api/queues/a%2Fb?page=2&x=%3D HTTP/1.1\r\nHost: localhost\r\nX-Twice: 1\r\nX-Twice: 2\r\nContent-Length: 5\r\n\r\nhello";

TEST(RequestParser, ReadsARequestInPiecesOfAnySize) {
  for (std::size_t step = 1; step <= kPost.size(); ++step) {
    RequestParser parser({});
    std::string input(kPost);
    const Request request = read_whole(parser, input, step);
    EXPECT_EQ(request.method, "POST");
    EXPECT_EQ(request.path, "/api/queues/a%2Fb");
    EXPECT_EQ(request.query.find("x"), "=");
    EXPECT_EQ(request.body, "hello");
    ASSERT_TRUE(request.header("host"));
    EXPECT_EQ(*request.header("host"), "localhost");
    EXPECT_EQ(request.header_count("x-twice"), 2U);
    EXPECT_TRUE(request.keep_alive);
    EXPECT_FALSE(parser.begun());
  }
}

TEST(RequestParser, LeavesTheNextRequestAlone) {
  RequestParser parser({});
  std::string input = std::string(kPost) + "GET / HTTP/1.1\r\n\r\n";
  EXPECT_EQ(read_whole(parser, input, 7).body, "hello");
  EXPECT_EQ(read_whole(parser, input, 7).path, "/");
}

TEST(RequestParser, ReadsABodyInChunksAndNoFieldsBehindIt) {
  RequestParser parser({});
  std::string input =
      "POST /x HTTP/1.1\r\nTransfer-Encoding: chunked\r\nTrailer: X-User\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\nX-User: root\r\n\r\n";
  const Request request = read_whole(parser, input, 4);
  EXPECT_EQ(request.body, "abcde");
  EXPECT_FALSE(request.header("x-user"));
}

TEST(RequestParser, RefusesWhatIsNoHttp) {
  EXPECT_EQ(status_of("\r\n\r\n\r\n"), 400);
  EXPECT_EQ(status_of("GET / HTTP/1.1\r\nA b: c\r\n\r\n"), 400);
  EXPECT_EQ(status_of("GET / HTTP/1.1\r\nA: b\r\nno colon\r\n\r\n"), 400);
  EXPECT_EQ(status_of("GET / HTTP/9.1\r\n\r\n"), 400);
  EXPECT_EQ(status_of("POST / HTTP/1.1\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello"), 400);
  EXPECT_EQ(status_of("POST / HTTP/1.1\r\nContent-Length: -5\r\n\r\nhello"), 400);
  EXPECT_EQ(status_of("POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n"), 400);
  EXPECT_EQ(status_of("OPTIONS * HTTP/1.1\r\n\r\n"), 400);
  EXPECT_EQ(status_of(std::string("\x16\x03\x01\x02\x00\x01\x00\r\n\r\n", 11)), 400) << "TLS on a port without";
}

TEST(RequestParser, HoldsItsLimits) {
  const Limits limits{.head_max = 200, .body_max = 10};
  EXPECT_EQ(status_of("GET /" + std::string(300, 'a') + " HTTP/1.1\r\n\r\n", limits), 431);
  EXPECT_EQ(status_of("GET /" + std::string(300, 'a'), limits), 431) << "before its end has come";
  EXPECT_EQ(status_of("POST / HTTP/1.1\r\nContent-Length: 11\r\n\r\n", limits), 413) << "before the body has come";
  EXPECT_EQ(status_of("POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nb\r\nhello world\r\n0\r\n\r\n", limits), 413);
  EXPECT_EQ(status_of("POST / HTTP/1.1\r\nContent-Length: 10\r\n\r\nhelloworld", limits), 0);
}

TEST(RequestParser, AsksOnceForABodyThatWaits) {
  RequestParser parser({});
  parser.feed("POST / HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n");
  EXPECT_TRUE(parser.take_expect());
  EXPECT_FALSE(parser.take_expect());
  parser.feed("ab");
  EXPECT_EQ(parser.take().body, "ab");
}

TEST(RequestParser, TakesAWholeUrlAsTarget) {
  RequestParser parser({});
  parser.feed("GET http://example.org/a/b?c=d HTTP/1.1\r\n\r\n");
  const Request request = parser.take();
  EXPECT_EQ(request.path, "/a/b");
  EXPECT_EQ(request.query.find("c"), "d");
}

}  // namespace
}  // namespace windlass::http
