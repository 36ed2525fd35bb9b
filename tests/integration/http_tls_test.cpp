#include <gtest/gtest.h>

#include "http/server.hpp"
#include "http_client/call.hpp"
#include "net/tls.hpp"
#include "support/http_client.hpp"
#include "support/redis_server.hpp"

namespace windlass::testing {
namespace {

class HttpTls : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!program_exists("openssl")) GTEST_SKIP() << "the openssl program is not installed";
    if (!certificates_) certificates_ = std::make_unique<TestCertificates>();
    auto identity = net::TlsIdentity::open(certificates_->server_cert(), certificates_->server_key());
    ASSERT_TRUE(identity) << identity.error().message();
    http::ServerConfig config;
    config.tls = *identity;
    server_ = std::make_unique<http::Server>(config, [](http::Request& request) {
      return http::Response::text(200, request.tls ? std::string(1 << 20, 't') : "plain");
    });
    ASSERT_TRUE(server_->start());
  }

  static inline std::unique_ptr<TestCertificates> certificates_;  // takes seconds to make
  std::unique_ptr<http::Server> server_;
};

TEST_F(HttpTls, ServesThoseWhoTrustItsCertificate) {
  http_client::Request request;
  request.url = *http_client::parse_url("https://localhost:" + std::to_string(server_->port()) + "/");
  request.ca_file = certificates_->ca();
  request.timeout = std::chrono::minutes(1);
  const auto response = http_client::call(request, {});
  ASSERT_TRUE(response) << response.error().message();
  EXPECT_EQ(response->body, std::string(1 << 20, 't'));
  request.ca_file = certificates_->other_ca();
  EXPECT_FALSE(http_client::call(request, {}));
}

TEST_F(HttpTls, DoesNotAnswerThoseWhoSpeakPlainHttp) {
  HttpClient client(server_->port());
  EXPECT_EQ(client.get("/").status, 0);
}

TEST_F(HttpTls, ACertificateThatIsNotThereIsAnErrorThatNamesIt) {
  const auto identity = net::TlsIdentity::open("/nowhere/cert.pem", certificates_->server_key());
  ASSERT_FALSE(identity);
  EXPECT_NE(identity.error().message().find("/nowhere/cert.pem"), std::string::npos);
}

}  // namespace
}  // namespace windlass::testing
