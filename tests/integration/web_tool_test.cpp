// windlass web, as it is started.
#include "integration/cli_fixture.hpp"
#include "integration/running_program.hpp"
#include "support/http_client.hpp"

namespace windlass::testing {
namespace {

class WebTool : public Cli {
 protected:
  // Its port.
  static int wait_for_url(RunningProgram& program) {
    EXPECT_TRUE(program.wait_for("/\n")) << program.err();
    const std::size_t colon = program.out().rfind(':');
    return colon == std::string::npos ? 0 : std::stoi(program.out().substr(colon + 1));
  }
};

TEST_F(WebTool, ServesWhatItsUsersAskFor) {
  ASSERT_EQ(windlass({"enqueue", "hello", "world", "--id", "h1"}).code, 0);
  RunningProgram program(with_broker({"web", "--listen", "127.0.0.1:0"}));
  const int port = wait_for_url(program);
  ASSERT_NE(port, 0);
  for (const char* path : {"/", "/api/queues", "/api/queues/default", "/api/queues/default/pending_tasks", "/api/openapi.json", "/metrics",
                           "/api/series", "/api/broker_info"}) {
    EXPECT_EQ(HttpClient(port).get(path).status, 200) << path;
  }
  EXPECT_NE(HttpClient(port).get("/api/queues/default/pending_tasks").body.find("\"id\":\"h1\""), std::string::npos);
  EXPECT_EQ(program.end(), 0);
}

TEST_F(WebTool, RefusesToServeOthersWithoutALogin) {
  const Ran ran = windlass({"web", "--listen", "0.0.0.0:0"});
  EXPECT_EQ(ran.code, 2);
  EXPECT_NE(ran.err.find("needs a login"), std::string::npos) << ran.err;
  EXPECT_EQ(windlass({"web", "--listen", "127.0.0.1:x"}).code, 2);
  EXPECT_EQ(windlass({"web", "--tls-cert", "x"}).code, 2);
  EXPECT_EQ(windlass({"web", "--root-path", "no slash"}).code, 2);
}

TEST_F(WebTool, AHashedPasswordLogsIn) {
  EXPECT_EQ(windlass({"web", "--hash-password"}, "short\n").code, 2);
  const Ran hashed = windlass({"web", "--hash-password"}, "correct horse\n");
  ASSERT_EQ(hashed.code, 0) << hashed.err;
  write_file(path("users"), "ann:admin:" + hashed.out);
  ::chmod(path("users").c_str(), 0600);
  RunningProgram program(with_broker({"web", "--listen", "127.0.0.1:0", "--users", path("users")}));
  const int port = wait_for_url(program);
  ASSERT_NE(port, 0);
  EXPECT_EQ(HttpClient(port).get("/api/queues").status, 401);
  EXPECT_EQ(HttpClient(port).ask("POST", "/api/session", R"({"user":"ann","password":"correct horse"})").status, 200);
  EXPECT_EQ(program.end(), 0);
}

}  // namespace
}  // namespace windlass::testing
