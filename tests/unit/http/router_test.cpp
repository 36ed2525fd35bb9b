#include "http/router.hpp"

#include <gtest/gtest.h>

namespace windlass::http {
namespace {

class Routes : public ::testing::Test {
 protected:
  Routes() {
    add("GET", "/api/queues");
    add("GET", "/api/queues/{queue}");
    add("DELETE", "/api/queues/{queue}");
    add("POST", "/api/queues/{queue}:pause");
    add("GET", "/api/queues/{queue}/pending_tasks");
    add("POST", "/api/queues/{queue}/pending_tasks:delete_all");
    add("POST", "/api/queues/{queue}/pending_tasks/{id}:run");
  }
  void add(const std::string& method, const std::string& pattern) {
    router.add(method, pattern, [pattern](Request& request) {
      std::string text = pattern;
      for (const auto& [name, value] : request.parameters) text += " " + name + "=" + value;
      return Response::text(200, text);
    });
  }
  Response ask(const std::string& method, const std::string& path) {
    Request request;
    request.method = method;
    request.path = path;
    return router.handle(request);
  }

  Router router;
};

TEST_F(Routes, NamesAreDecodedAfterTheSegmentsWereFound) {
  EXPECT_EQ(ask("GET", "/api/queues/a%2Fb%3Apause%20%22%3Cscript%3E").body,
            "/api/queues/{queue} queue=a/b:pause \"<script>");
  EXPECT_EQ(ask("POST", "/api/queues/a%3Apause:pause").body, "/api/queues/{queue}:pause queue=a:pause");
  EXPECT_EQ(ask("GET", "/api/queues/a:pause").body, "/api/queues/{queue} queue=a:pause");
}

TEST_F(Routes, VerbsBelongToTheirSegment) {
  EXPECT_EQ(ask("POST", "/api/queues/q/pending_tasks:delete_all").body,
            "/api/queues/{queue}/pending_tasks:delete_all queue=q");
  EXPECT_EQ(ask("POST", "/api/queues/q/pending_tasks/t1:run").body,
            "/api/queues/{queue}/pending_tasks/{id}:run id=t1 queue=q");
}

TEST_F(Routes, AnotherMethodIsToldWhatThereIs) {
  const Response response = ask("PUT", "/api/queues/q");
  EXPECT_EQ(response.status, 405);
  ASSERT_TRUE(response.header("Allow"));
  EXPECT_EQ(*response.header("Allow"), "GET, DELETE");
  EXPECT_EQ(ask("HEAD", "/api/queues").status, 200);
}

TEST_F(Routes, WhatIsNoPathOfOursIsNotFound) {
  for (const char* path : {"/", "", "/api/queues/", "/api//queues", "/api/queues/%", "/api/queues/q/", "/api/queues/../queues",
                           "/api/queues/q/pending_tasks/:run", "/api/queue"}) {
    EXPECT_EQ(ask("GET", path).status, 404) << path;
  }
}

}  // namespace
}  // namespace windlass::http
