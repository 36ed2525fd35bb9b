// Who may do what: logins, tokens, proxies, roles, forged requests.
#include "integration/web_fixture.hpp"
#include "web/access.hpp"
#include "web/secrets.hpp"

namespace windlass::testing {
namespace {

using std::chrono::hours;
using std::chrono::seconds;

const std::string kToken(40, 'k');

class WebAccess : public Web {
 protected:
  WebAccess() {
    static const std::string hash = *web::hash_password("correct horse");
    config_.users_file = write_file("users", "# who\nann:admin:" + hash + "\n\nbob:viewer:" + hash + "\nolga:operator:" + hash + "\n");
    config_.token_file = write_file("tokens", "script:operator:" + kToken + "\n");
  }

  struct LoggedIn {
    HttpReply reply;
    std::string cookie, csrf;
    std::string headers() const { return "Cookie: " + cookie + "\r\nX-CSRF-Token: " + csrf + "\r\n"; }
  };
  LoggedIn log_in(const std::string& user, const std::string& password = "correct horse", const std::string& headers = "") const {
    LoggedIn in;
    in.reply = ask("POST", "/api/session", R"({"user":")" + user + R"(","password":")" + password + "\"}", headers);
    if (in.reply.status != 200) return in;
    const std::string set = in.reply.headers.at("set-cookie");
    in.cookie = set.substr(0, set.find(';'));
    in.csrf = at(json(in.reply), "csrf_token");
    return in;
  }
};

TEST_F(WebAccess, WithoutALoginNothingIsShown) {
  start();
  for (const char* path : {"/api/queues", "/api/info", "/api/events", "/api/openapi.json", "/metrics", "/api/audit"}) {
    const HttpReply reply = get(path);
    EXPECT_EQ(reply.status, 401) << path;
    EXPECT_EQ(reply.headers.at("www-authenticate"), "Bearer");
  }
  const codec::Value session = json(get("/api/session"));
  EXPECT_EQ(at(session, "authenticated"), "false");
  EXPECT_EQ(at(session, "methods"), R"(["password","token"])");
  EXPECT_EQ(get("/").status, 200) << "the page in which to log in";
}

TEST_F(WebAccess, APasswordOpensASession) {
  start();
  EXPECT_EQ(log_in("ann", "wrong").reply.status, 401);
  EXPECT_EQ(log_in("nobody").reply.status, 401);
  const LoggedIn ann = log_in("ann");
  ASSERT_EQ(ann.reply.status, 200) << ann.reply.body;
  const std::string cookie = ann.reply.headers.at("set-cookie");
  EXPECT_NE(cookie.find("HttpOnly"), std::string::npos);
  EXPECT_NE(cookie.find("SameSite=Strict"), std::string::npos);
  EXPECT_EQ(get("/api/queues", ann.headers()).status, 200);
  EXPECT_EQ(at(json(get("/api/session", ann.headers())), "user"), "ann");
  EXPECT_EQ(ask("DELETE", "/api/session", "", ann.headers()).status, 204);
  EXPECT_EQ(get("/api/queues", ann.headers()).status, 401);
}

TEST_F(WebAccess, ASessionEnds) {
  start();
  const LoggedIn ann = log_in("ann");
  clock_.advance(config_.session_lifetime - seconds(1));
  EXPECT_EQ(get("/api/queues", ann.headers()).status, 200);
  clock_.advance(seconds(1));
  EXPECT_EQ(get("/api/queues", ann.headers()).status, 401);
}

TEST_F(WebAccess, AUserWhoIsTakenOutOfTheFileIsOutAtOnce) {
  start();
  const LoggedIn ann = log_in("ann");
  EXPECT_EQ(get("/api/queues", ann.headers()).status, 200);
  write_file("users", "bob:viewer:" + *web::hash_password("another one") + "\n");
  EXPECT_EQ(get("/api/queues", ann.headers()).status, 401);
}

TEST_F(WebAccess, ARequestWithoutTheTokenOfItsSessionChangesNothing) {
  enqueue("t", "{}", EnqueueOptions().task_id("a"));
  start();
  const LoggedIn ann = log_in("ann"), olga = log_in("olga");
  const std::string path = "/api/queues/default/tasks/a";
  EXPECT_EQ(ask("DELETE", path, "", "Cookie: " + ann.cookie + "\r\n").status, 403);
  EXPECT_EQ(ask("DELETE", path, "", "Cookie: " + ann.cookie + "\r\nX-CSRF-Token: " + olga.csrf + "\r\n").status, 403);
  EXPECT_EQ(ask("DELETE", path, "", ann.headers()).status, 204);
}

TEST_F(WebAccess, RolesMayDoWhatTheyMay) {
  enqueue("t", "{}", EnqueueOptions().task_id("a").process_in(hours(1)));
  start();
  const LoggedIn ann = log_in("ann"), bob = log_in("bob"), olga = log_in("olga");
  EXPECT_EQ(get("/api/queues/default/tasks/a", bob.headers()).status, 200);
  EXPECT_EQ(ask("POST", "/api/queues/default/tasks/a:run", "", bob.headers()).status, 403);
  EXPECT_EQ(ask("POST", "/api/queues/default:pause", "", bob.headers()).status, 403);
  EXPECT_EQ(ask("POST", "/api/queues/default/tasks/a:run", "", olga.headers()).status, 204);
  EXPECT_EQ(ask("DELETE", "/api/queues/default?force=1", "", olga.headers()).status, 403);
  EXPECT_EQ(get("/api/audit", olga.headers()).status, 403);
  EXPECT_EQ(ask("DELETE", "/api/queues/default?force=1", "", ann.headers()).status, 204);
  const codec::Value audit = json(get("/api/audit", ann.headers()));
  EXPECT_EQ(at(audit, "entries.1.user"), "olga");
  EXPECT_EQ(at(audit, "entries.1.status"), "403");
}

TEST_F(WebAccess, ATokenNeedsNoSession) {
  start();
  const std::string bearer = "Authorization: Bearer " + kToken + "\r\n";
  EXPECT_EQ(get("/api/queues", bearer).status, 200);
  EXPECT_EQ(get("/api/audit", bearer).status, 403) << "an operator's";
  EXPECT_EQ(get("/api/queues", "Authorization: Bearer " + std::string(40, 'x') + "\r\n").status, 401);
  const HttpReply reply = ask("POST", "/api/session", R"({"token":")" + kToken + "\"}");
  ASSERT_EQ(reply.status, 200);
  EXPECT_EQ(at(json(reply), "user"), "script");
}

TEST_F(WebAccess, PasswordsCannotBeTriedOneAfterTheOther) {
  start();
  for (int i = 0; i < web::LoginGuard::kFailuresMax; ++i) EXPECT_EQ(log_in("ann", "wrong").reply.status, 401);
  const HttpReply refused = log_in("ann").reply;
  EXPECT_EQ(refused.status, 429);
  EXPECT_EQ(refused.headers.at("retry-after"), "60");
  EXPECT_EQ(get("/api/queues", "Authorization: Bearer " + kToken + "\r\n").status, 401) << "nor tokens";
  clock_.advance(web::LoginGuard::kWindow);
  EXPECT_EQ(log_in("ann").reply.status, 200);
}

TEST_F(WebAccess, OnlyATrustedProxySaysWhoItIs) {
  config_.proxy_header = "X-Forwarded-User";
  config_.trusted_proxies = {"10.0.0.0/8"};
  start();
  EXPECT_EQ(get("/api/queues", "X-Forwarded-User: ann\r\n").status, 401);
  config_.trusted_proxies = {"127.0.0.0/8"};
  start();
  EXPECT_EQ(at(json(get("/api/info", "X-Forwarded-User: ann\r\n")), "role"), "admin");
  EXPECT_EQ(at(json(get("/api/info", "X-Forwarded-User: guest\r\n")), "role"), "viewer");
  EXPECT_EQ(get("/api/info", "X-Forwarded-User: guest\r\nX-Forwarded-User: ann\r\n").status, 401);
  EXPECT_EQ(get("/api/info").status, 401);
}

TEST_F(WebAccess, OtherSitesMayNotAct) {
  enqueue("t", "{}", EnqueueOptions().task_id("a"));
  config_.users_file = config_.token_file = "";
  start();
  const std::string path = "/api/queues/default/tasks/a";
  EXPECT_EQ(ask("DELETE", path, "", "Origin: https://evil.example\r\n").status, 403);
  EXPECT_EQ(ask("DELETE", path, "", "Origin: null\r\n").status, 403);
  EXPECT_EQ(ask("DELETE", path, "", "Sec-Fetch-Site: cross-site\r\n").status, 403);
  EXPECT_EQ(get("/api/queues", "Host: evil.example\r\n").status, 421) << "a name that was rebound to this address";
  EXPECT_EQ(ask("DELETE", path, "", "Host: localhost:1\r\nOrigin: http://localhost:1\r\nSec-Fetch-Site: same-origin\r\n").status, 204);
}

TEST_F(WebAccess, EveryAnswerTellsTheBrowserToBeStrict) {
  start();
  for (const char* path : {"/", "/api/queues", "/nothing", "/assets/nothing"}) {
    const HttpReply reply = get(path);
    EXPECT_NE(reply.headers.at("content-security-policy").find("default-src 'none'"), std::string::npos) << path;
    EXPECT_EQ(reply.headers.at("content-security-policy").find("unsafe"), std::string::npos) << path;
    EXPECT_EQ(reply.headers.at("x-content-type-options"), "nosniff") << path;
    EXPECT_EQ(reply.headers.at("x-frame-options"), "DENY") << path;
    EXPECT_FALSE(reply.headers.contains("access-control-allow-origin")) << path;
  }
  EXPECT_EQ(get("/api/queues", "Authorization: Bearer " + kToken + "\r\n").headers.at("cache-control"), "no-store");
}

// What open() says of this config; "" if it is fine.
std::string refused(web::WebConfig config) {
  FakeClock clock;
  config.port = 0;
  const auto server = web::WebServer::open(broker::make_memory_broker(clock), config, clock);
  return server ? "" : server.error().message();
}

TEST_F(WebAccess, AnAddressOfOthersNeedsALogin) {
  web::WebConfig config;
  for (const char* host : {"0.0.0.0", "", "192.168.1.1", "::", "example.org"}) {
    config.host = host;
    EXPECT_NE(refused(config).find("needs a login"), std::string::npos) << host;
  }
  for (const char* host : {"127.0.0.1", "localhost", "::1", "127.8.9.1"}) {
    config.host = host;
    EXPECT_EQ(refused(config), "") << host;
  }
  config.host = "0.0.0.0";
  config.users_file = config_.users_file;
  EXPECT_EQ(refused(config), "");
}

TEST_F(WebAccess, FilesThatAreNotSafeOrNotRightAreRefusedWithTheirLine) {
  web::WebConfig config;
  config.users_file = write_file("open", "ann:admin:" + *web::hash_password("long enough") + "\n", 0644);
  EXPECT_NE(refused(config).find("chmod 600"), std::string::npos);
  config.users_file = write_file("plain", "# x\nann:admin:password\n");
  EXPECT_NE(refused(config).find("line 2"), std::string::npos);
  config.users_file = write_file("role", "ann:root:x\n");
  EXPECT_NE(refused(config).find("'root' is no role"), std::string::npos);
  config.users_file = (folder_ / "nowhere").string();
  EXPECT_NE(refused(config).find("nowhere"), std::string::npos);
  config.users_file = "";
  config.token_file = write_file("short", "ann:admin:secret\n");
  EXPECT_NE(refused(config).find("32 characters"), std::string::npos);
  config.token_file = "";
  config.proxy_header = "X-User";
  EXPECT_NE(refused(config).find("--trusted-proxy"), std::string::npos);
  config.trusted_proxies = {"10.0.0.0/33"};
  EXPECT_NE(refused(config).find("10.0.0.0/33"), std::string::npos);
}

TEST(Networks, HoldTheirAddresses) {
  EXPECT_TRUE(web::in_network("10.1.2.3", "10.0.0.0/8"));
  EXPECT_FALSE(web::in_network("11.1.2.3", "10.0.0.0/8"));
  EXPECT_TRUE(web::in_network("10.0.0.129", "10.0.0.128/25"));
  EXPECT_FALSE(web::in_network("10.0.0.127", "10.0.0.128/25"));
  EXPECT_TRUE(web::in_network("10.0.0.1", "10.0.0.1"));
  EXPECT_TRUE(web::in_network("2001:db8::1", "2001:db8::/32"));
  EXPECT_FALSE(web::in_network("10.0.0.1", "::/0"));
  EXPECT_TRUE(web::in_network("10.0.0.1", "0.0.0.0/0"));
}

}  // namespace
}  // namespace windlass::testing
