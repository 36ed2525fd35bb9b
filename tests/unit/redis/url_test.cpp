// Connection URLs: those of Go Asynq, what goes beyond them, and what is refused.
#include "redis/url.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace windlass::redis {
namespace {

using namespace std::chrono_literals;

Config parse(std::string_view url) {
  Result<Config> config = parse_url(url);
  EXPECT_TRUE(config.ok()) << url << ": " << config.error().message();
  return config.ok() ? *config : Config{};
}

std::string refusal(std::string_view url) {
  Result<Config> config = parse_url(url);
  if (config.ok()) return "accepted";
  EXPECT_EQ(config.error().code(), ErrorCode::kInvalidArgument);
  return config.error().message();
}

TEST(RedisUrl, AHostAloneHasTheDefaults) {
  const Config config = parse("redis://example.com");
  EXPECT_EQ(config.topology, Topology::kStandalone);
  ASSERT_EQ(config.endpoints.size(), 1u);
  EXPECT_EQ(config.endpoints[0].address(), "example.com:6379");
  EXPECT_EQ(config.db, 0);
  EXPECT_EQ(config.protocol, 3);
  EXPECT_FALSE(config.tls.has_value());
  EXPECT_TRUE(config.login.empty());
  EXPECT_EQ(config.connect_timeout, 5s);
  EXPECT_EQ(config.read_timeout, 3s);
}

TEST(RedisUrl, UserPasswordPortAndDatabase) {
  const Config config = parse("redis://bob:p%40ss%3Aword@10.0.0.1:7000/3");
  EXPECT_EQ(config.login.username, "bob");
  EXPECT_EQ(config.login.password, "p@ss:word");
  EXPECT_EQ(config.endpoints[0].address(), "10.0.0.1:7000");
  EXPECT_EQ(config.db, 3);
}

TEST(RedisUrl, FormsThatMeanTheSame) {
  EXPECT_EQ(parse("redis://:secret@h").login.password, "secret");
  EXPECT_EQ(parse("redis://:secret@h").login.username, "");
  EXPECT_EQ(parse("redis://a:b@c@h").login.password, "b@c") << "the last @ ends the password";
  EXPECT_EQ(parse("redis://h/").db, 0);
  EXPECT_EQ(parse("redis://h?db=2").db, 2);
  EXPECT_EQ(parse("redis://h/2?db=2").db, 2);
  EXPECT_EQ(parse("redis://h:").endpoints[0].port, 6379);
  EXPECT_EQ(parse("redis://").endpoints[0].address(), "localhost:6379");
  EXPECT_EQ(parse("redis://:7000").endpoints[0].address(), "localhost:7000");
  EXPECT_EQ(parse("redis://[::1]:7000/1").endpoints[0].address(), "[::1]:7000");
}

TEST(RedisUrl, TlsVerifiesUnlessToldOtherwise) {
  const Config plain = parse("rediss://h:1");
  ASSERT_TRUE(plain.tls.has_value());
  EXPECT_FALSE(plain.tls->insecure_skip_verify);
  const Config config = parse("rediss://h?ca=%2Fetc%2Fca.pem&cert=/c.pem&key=/k.pem&server_name=n&insecure_skip_verify=true");
  EXPECT_EQ(config.tls->ca, "/etc/ca.pem");
  EXPECT_EQ(config.tls->cert_file, "/c.pem");
  EXPECT_EQ(config.tls->key_file, "/k.pem");
  EXPECT_EQ(config.tls->server_name, "n");
  EXPECT_TRUE(config.tls->insecure_skip_verify);
}

TEST(RedisUrl, TimesHaveUnits) {
  EXPECT_EQ(parse("redis://h?connect_timeout=250ms").connect_timeout, 250ms);
  EXPECT_EQ(parse("redis://h?read_timeout=2m&protocol=2").read_timeout, 2min);
  EXPECT_EQ(parse("redis://h?read_timeout=7").read_timeout, 7s);
}

TEST(RedisUrl, AUnixSocketHasAPath) {
  const Config config = parse("redis-socket://:pw@/run/my%20redis.sock?db=4");
  EXPECT_EQ(config.endpoints[0].unix_path, "/run/my redis.sock");
  EXPECT_EQ(config.endpoints[0].address(), "/run/my redis.sock");
  EXPECT_EQ(config.login.password, "pw");
  EXPECT_EQ(config.db, 4);
}

TEST(RedisUrl, SentinelAndMasterPasswordsAreApart) {
  const Config config =
      parse("redis-sentinel://:spw@s1,s2:26380,[::1]:1/2?master=mymaster&master_username=bob&master_password=m%26pw&tls=true");
  EXPECT_EQ(config.topology, Topology::kSentinel);
  ASSERT_EQ(config.endpoints.size(), 3u);
  EXPECT_EQ(config.endpoints[0].address(), "s1:26379");
  EXPECT_EQ(config.endpoints[1].address(), "s2:26380");
  EXPECT_EQ(config.endpoints[2].address(), "[::1]:1");
  EXPECT_EQ(config.sentinel_login.password, "spw");
  EXPECT_EQ(config.login.username, "bob");
  EXPECT_EQ(config.login.password, "m&pw");
  EXPECT_EQ(config.master, "mymaster");
  EXPECT_EQ(config.db, 2);
  EXPECT_TRUE(config.tls.has_value());
}

TEST(RedisUrl, AClusterIsKnownBySomeOfItsNodes) {
  const Config config = parse("redis-cluster://u:p@n1:7001,n2/?read_timeout=1s");
  EXPECT_EQ(config.topology, Topology::kCluster);
  EXPECT_EQ(config.endpoints[1].address(), "n2:6379");
  EXPECT_EQ(config.login.username, "u");
}

TEST(RedisUrl, ARefusalNamesThePartAndWhatIsAllowed) {
  const struct {
    const char* url;
    const char* expected;
  } cases[] = {
      {"localhost:6379", "scheme: missing"},
      {"http://h", "scheme: 'http' is unknown; known are redis, rediss"},
      {"redis://h/x", "path: 'x' is not a database number"},
      {"redis://h/-1", "path: '-1' is not a database number"},
      {"redis://h/1/2", "path: '1/2' is not a database number"},
      {"redis://h/1?db=2", "parameter db: the path names another database"},
      {"redis://h:0", "port: not a number from 1 to 65535"},
      {"redis://h:65536", "port: not a number from 1 to 65535"},
      {"redis://h:x", "port: not a number from 1 to 65535"},
      {"redis://::1", "host: write an IPv6 address in brackets"},
      {"redis://[::1", "host: '[' without ']'"},
      {"redis://[::1]x", "host: after ']'"},
      {"redis://a,b", "host: only redis-sentinel:// and redis-cluster://"},
      {"redis://h?tls=true", "parameter tls: unknown here"},
      {"redis://h?ca=x", "parameter ca: unknown here"},
      {"redis://h?conect_timeout=1s", "known are connect_timeout, read_timeout, protocol, db"},
      {"redis://h?read_timeout=0", "parameter read_timeout: '0' is not a time"},
      {"redis://h?read_timeout=1h", "is not a time like 500ms"},
      {"redis://h?read_timeout=99999999999999999999s", "is not a time like 500ms"},
      {"redis://h?protocol=4", "parameter protocol: '4' is not 2 or 3"},
      {"redis://h#1", "fragment: not allowed"},
      {"redis://u%zz@h", "user name: '%' must be followed by two hex digits"},
      {"rediss://h?insecure_skip_verify=yes", "parameter insecure_skip_verify: 'yes' is not true or false"},
      {"rediss://h?cert=/c.pem", "a client certificate needs both"},
      {"redis-socket://", "path: missing"},
      {"redis-socket://tmp/redis.sock", "path: must begin with '/'"},
      {"redis-socket:///s?db=x", "parameter db: 'x' is not a database number"},
      {"redis-sentinel://h", "parameter master: missing"},
      {"redis-sentinel://?master=m", "host: missing"},
      {"redis-sentinel://a,,b?master=m", "host: missing"},
      {"redis-sentinel://a?master=m&ca=/x", "parameter ca: only with TLS"},
      {"redis-cluster://a/1", "path: a cluster has only database 0"},
      {"redis-cluster://a?db=1", "parameter db: unknown here"},
  };
  for (const auto& c : cases) EXPECT_NE(refusal(c.url).find(c.expected), std::string::npos) << c.url << ": " << refusal(c.url);
}

TEST(RedisUrl, ARefusalNeverShowsAPassword) {
  for (const char* url : {"redis://u:hunter%2@h", "redis://u:hunter2@h:x", "redis://u:hunter2/3@h", "redis://u:hunter2?@h",
                          "redis://u:1/hunter2@h", "redis-sentinel://h?master_password=hunter2", "http://u:hunter2@h"}) {
    EXPECT_EQ(refusal(url).find("hunter"), std::string::npos) << refusal(url);
  }
}

TEST(RedisUrl, LogsShowNoPasswords) {
  EXPECT_EQ(redacted("redis://u:pw@h:1/2"), "redis://u:***@h:1/2");
  EXPECT_EQ(redacted("redis://:p:w@h"), "redis://:***@h");
  EXPECT_EQ(redacted("redis://u@h"), "redis://u@h");
  EXPECT_EQ(redacted("redis://h/1?db=2"), "redis://h/1?db=2");
  EXPECT_EQ(redacted("redis-sentinel://:a@h?master_password=b&master=m"), "redis-sentinel://:***@h?master_password=***&master=m");
  EXPECT_EQ(redacted("redis://u:p/w@h"), "redis://u:***@h");
  EXPECT_EQ(redacted("u:pw@h"), "u:***@h");
}

}  // namespace
}  // namespace windlass::redis
