#include "http/uri.hpp"

#include <gtest/gtest.h>

namespace windlass::http {
namespace {

TEST(Uri, WhatIsEncodedIsDecodedAgain) {
  std::string every;
  for (int byte = 0; byte < 256; ++byte) every += static_cast<char>(byte);
  const std::string encoded = percent_encode(every);
  EXPECT_EQ(percent_decode(encoded), every);
  EXPECT_EQ(encoded.find_first_of("/:<>\"' \r\n"), std::string::npos);
}

TEST(Uri, APercentSignWithoutTwoDigitsIsRefused) {
  for (const char* text : {"%", "a%", "%4", "%4x", "%x4", "%%41"}) EXPECT_FALSE(percent_decode(text)) << text;
  EXPECT_EQ(percent_decode("%41%2f"), "A/");
}

TEST(Uri, AQueryIsReadInOrder) {
  const Query query("a=1&b=x+y&a=%2F&empty=&bare&&bad=%zz");
  EXPECT_EQ(query.find("a"), "1");
  EXPECT_EQ(query.find("b"), "x y");
  EXPECT_EQ(query.all("a"), (std::vector<std::string>{"1", "/"}));
  EXPECT_EQ(query.find("empty"), "");
  EXPECT_EQ(query.find("bare"), "");
  EXPECT_EQ(query.find("bad"), "%zz");
  EXPECT_EQ(query.find("nothing"), std::nullopt);
}

}  // namespace
}  // namespace windlass::http
