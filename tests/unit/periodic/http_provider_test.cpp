// Entries from a web service: conditional requests, and services that are slow, wrong, huge or gone.
#include <fstream>
#include <sstream>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <windlass/periodic.hpp>

#include "http_client/call.hpp"
#include "support/child_process.hpp"
#include "support/http_stub.hpp"
#include "support/port.hpp"

namespace windlass {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using ::testing::Not;
using windlass::testing::HttpStub;

const std::string kOne = R"([{"name":"a","cron":"@daily","type":"t"}])";

std::string message(const Result<PeriodicTaskConfigs>& configs) {
  return configs ? std::to_string(configs->size()) + " entries" : configs.error().message();
}

class HttpProvider : public ::testing::Test {
 protected:
  std::string ask(const std::string& bytes) {
    stub_.answer([bytes](const std::string&) { return bytes; });
    return message(http_provider(stub_.url(), options_)->configs({}));
  }

  HttpStub stub_{[](const std::string&) { return HttpStub::ok(kOne); }};
  HttpProviderOptions options_;
};

TEST_F(HttpProvider, ReadsTheEntries) {
  options_.headers = {{"Authorization", "Bearer x"}};
  const auto configs = http_provider(stub_.url("/schedule?team=a"), options_)->configs({});
  ASSERT_TRUE(configs.ok()) << configs.error().message();
  EXPECT_EQ(configs->at(0).options.name(), "a");
  const std::string request = stub_.requests().at(0);
  EXPECT_THAT(request, HasSubstr("GET /schedule?team=a HTTP/1.1\r\nHost: 127.0.0.1:"));
  EXPECT_THAT(request, HasSubstr("Authorization: Bearer x\r\n"));
  EXPECT_THAT(request, Not(HasSubstr("If-")));
}

TEST_F(HttpProvider, AsksConditionallyAndKeepsTheEntriesWhereNothingChanged) {
  stub_.answer([](const std::string&) {
    return HttpStub::ok(kOne, "ETag: \"v1\"\r\nLast-Modified: Thu, 29 Feb 2024 12:00:00 GMT\r\n");
  });
  const auto provider = http_provider(stub_.url());
  EXPECT_EQ(message(provider->configs({})), "1 entries");
  stub_.answer([](const std::string&) { return "HTTP/1.1 304 Not Modified\r\n\r\n"; });
  EXPECT_EQ(message(provider->configs({})), "1 entries");
  EXPECT_THAT(stub_.requests().at(1), HasSubstr("If-None-Match: \"v1\"\r\n"));
  EXPECT_THAT(stub_.requests().at(1), HasSubstr("If-Modified-Since: Thu, 29 Feb 2024 12:00:00 GMT\r\n"));
  stub_.answer([](const std::string&) { return HttpStub::ok("[]"); });
  EXPECT_EQ(message(provider->configs({})), "0 entries");
}

TEST_F(HttpProvider, AnAnswerThatWasNoGoodIsNotAskedForConditionally) {
  stub_.answer([](const std::string&) { return HttpStub::ok("{broken", "ETag: \"v1\"\r\n"); });
  const auto provider = http_provider(stub_.url());
  EXPECT_FALSE(provider->configs({}).ok());
  EXPECT_FALSE(provider->configs({}).ok());
  EXPECT_THAT(stub_.requests().at(1), Not(HasSubstr("If-None-Match")));
}

TEST_F(HttpProvider, ReadsChunkedAnswersAndThoseThatEndWithTheConnection) {
  EXPECT_EQ(ask("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n[]\r\n0\r\n\r\n"), "0 entries");
  EXPECT_EQ(ask("HTTP/1.0 200 OK\r\n\r\n[]"), "0 entries");
}

TEST_F(HttpProvider, WhatIsWrongIsSaid) {
  EXPECT_THAT(ask("HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n"), HasSubstr("GET http://127.0.0.1:"));
  EXPECT_THAT(ask("HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n"), HasSubstr("the answer is status 503"));
  EXPECT_THAT(ask("HTTP/1.1 302 Found\r\nLocation: /other\r\nContent-Length: 0\r\n\r\n"),
              HasSubstr("a redirect to /other, which is not followed"));
  EXPECT_THAT(ask("HTTP/1.1 304 Not Modified\r\n\r\n"), HasSubstr("status 304"));
  EXPECT_THAT(ask("garbage\r\n\r\n"), HasSubstr("the answer is no HTTP"));
  EXPECT_THAT(ask("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n[]"),
              HasSubstr("ended before the answer was complete"));
  EXPECT_THAT(ask(HttpStub::ok("nope")), HasSubstr("GET http://"));
  EXPECT_THAT(ask(HttpStub::ok(R"([{"cron":"@daily"}])")), HasSubstr("entry 1: \"type\" is missing"));
  options_.body_max = 10;
  EXPECT_THAT(ask(HttpStub::ok(kOne)), HasSubstr("larger than 10 bytes"));
}

TEST_F(HttpProvider, AServiceThatDoesNotAnswerIsGivenUpInTime) {
  options_.timeout = 50ms;
  EXPECT_THAT(ask(""), HasSubstr("no answer in time"));
}

TEST_F(HttpProvider, AStopEndsTheWaitAtOnce) {
  stub_.answer([](const std::string&) { return ""; });
  options_.timeout = 1h;
  std::stop_source stop;
  std::thread stopper([&] {
    while (stub_.requests().empty()) std::this_thread::yield();
    stop.request_stop();
  });
  EXPECT_THAT(message(http_provider(stub_.url(), options_)->configs(stop.get_token())), HasSubstr("stopped"));
  stopper.join();
}

TEST(HttpProviderUrl, IsTakenApart) {
  const auto url = [](const char* text) {
    const auto parsed = http_client::parse_url(text);
    return parsed ? (parsed->tls ? "tls " : "") + parsed->host + " " + parsed->port + " " + parsed->target
                  : parsed.error().message();
  };
  EXPECT_EQ(url("http://example.org"), "example.org 80 /");
  EXPECT_EQ(url("https://example.org/a?b#c"), "tls example.org 443 /a?b");
  EXPECT_EQ(url("http://example.org:8080?x=1"), "example.org 8080 /?x=1");
  EXPECT_EQ(url("http://[::1]:81/"), "::1 81 /");
  EXPECT_THAT(url("ftp://x"), HasSubstr("must begin with http:// or https://"));
  EXPECT_THAT(url("http:///x"), HasSubstr("the host is missing"));
  EXPECT_THAT(url("http://x:port/"), HasSubstr("the port must be a number"));
  EXPECT_THAT(url("http://x:/"), HasSubstr("the port must be a number"));
  EXPECT_THAT(url("http://u:p@x/"), HasSubstr("Authorization header"));
  EXPECT_THAT(url("http://x/a b"), HasSubstr("percent-encoded"));
  EXPECT_THAT(url("http://x/\r\nEvil: 1"), HasSubstr("percent-encoded"));
}

TEST(HttpProviderReach, APortWhereNobodyListensIsSaid) {
  const windlass::testing::Port nobody;
  const std::string url = "http://" + nobody.address() + "/";
  EXPECT_THAT(message(http_provider(url)->configs({})), HasSubstr("connect: Connection refused"));
}

// An https server with a certificate for "localhost" that nobody signed.
class HttpsProvider : public ::testing::Test {
 protected:
  void SetUp() override {
    const std::string make =
        "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=localhost "
        "-addext subjectAltName=DNS:localhost -keyout " +
        dir_.file("key") + " -out " + dir_.file("cert") + " 2>/dev/null";
    ASSERT_EQ(std::system(make.c_str()), 0);
    std::ofstream(dir_.file("schedule.json")) << kOne;
    // It serves the files of the folder that it runs in.
    server_ = windlass::testing::ChildProcess(
        {"sh", "-c", "cd " + dir_.path() + " && exec openssl s_server -accept 127.0.0.1:0 -cert cert -key key -WWW"},
        dir_.file("log"));
    port_ = wait_for_port();
    ASSERT_FALSE(port_.empty());
  }
  std::string wait_for_port() {
    const auto until = std::chrono::steady_clock::now() + 20s;
    while (std::chrono::steady_clock::now() < until) {
      std::stringstream log;
      log << std::ifstream(dir_.file("log")).rdbuf();
      const std::string text = log.str();
      const std::size_t at = text.find("ACCEPT 127.0.0.1:");
      if (at != std::string::npos && text.find('\n', at) != std::string::npos) {
        return text.substr(at + 17, text.find('\n', at) - at - 17);
      }
      std::this_thread::yield();
    }
    return "";
  }
  std::string ask(const std::string& host, const std::string& ca_file) {
    HttpProviderOptions options;
    options.ca_file = ca_file;
    options.timeout = 10min;
    return message(http_provider("https://" + host + ":" + port_ + "/schedule.json", options)->configs({}));
  }

  windlass::testing::TempDir dir_;
  windlass::testing::ChildProcess server_;
  std::string port_;
};

TEST_F(HttpsProvider, ReadsTheEntriesWhereTheCertificateIsTrusted) {
  EXPECT_EQ(ask("localhost", dir_.file("cert")), "1 entries");
}

TEST_F(HttpsProvider, RefusesACertificateThatIsNotTrusted) {
  EXPECT_THAT(ask("localhost", ""), HasSubstr("TLS: self-signed certificate"));
}

TEST_F(HttpsProvider, RefusesACertificateForAnotherHost) {
  EXPECT_THAT(ask("127.0.0.1", dir_.file("cert")), HasSubstr("TLS: IP address mismatch"));
}

TEST_F(HttpsProvider, ACaFileThatIsNotThereIsSaid) {
  EXPECT_THAT(ask("localhost", "/nowhere"), HasSubstr("cannot be read: /nowhere"));
}

}  // namespace
}  // namespace windlass
