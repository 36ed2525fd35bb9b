#include "http/assets.hpp"

#include <gtest/gtest.h>

#include "http/gzip.hpp"

namespace windlass::http {
namespace {

Request asking(const std::string& header, const std::string& value) {
  Request request;
  request.headers.emplace_back(header, value);
  return request;
}

TEST(Assets, AreCompressedForThoseWhoTakeIt) {
  const std::string packed = gzip("<html></html>", 9);
  const Asset asset{"index.html", "text/html", "\"e1\"", packed};
  const Response compressed = serve_asset(asking("accept-encoding", "gzip"), asset, false);
  EXPECT_EQ(compressed.body, packed);
  EXPECT_EQ(*compressed.header("Content-Encoding"), "gzip");
  const Response plain = serve_asset({}, asset, true);
  EXPECT_EQ(plain.body, "<html></html>");
  EXPECT_EQ(plain.header("Content-Encoding"), nullptr);
  EXPECT_NE(plain.header("Cache-Control")->find("immutable"), std::string::npos);
}

TEST(Assets, AreNotSentAgainToThoseWhoHaveThem) {
  const Asset asset{"a.js", "text/javascript", "\"e1\"", ""};
  EXPECT_EQ(serve_asset(asking("if-none-match", "\"e0\", W/\"e1\""), asset, false).status, 304);
  EXPECT_EQ(serve_asset(asking("if-none-match", "\"e2\""), asset, false).status, 200);
}

TEST(Gzip, GivesBackWhatWasPutIn) {
  std::string bytes;
  for (unsigned i = 0; i < 300000; ++i) bytes += static_cast<char>(i * i >> 3);
  EXPECT_EQ(gunzip(gzip(bytes, 1), bytes.size()), bytes);
  EXPECT_EQ(gunzip(gzip("", 9), 10), "");
}

TEST(Gzip, RefusesWhatIsDamagedOrTooLarge) {
  std::string packed = gzip(std::string(1000, 'a'), 9);
  EXPECT_EQ(gunzip(packed, 999), std::nullopt);
  EXPECT_EQ(gunzip(packed.substr(0, packed.size() - 4), 2000), std::nullopt);
  packed[packed.size() - 6] = static_cast<char>(packed[packed.size() - 6] ^ 1);
  EXPECT_EQ(gunzip(packed, 2000), std::nullopt);
}

}  // namespace
}  // namespace windlass::http
