#include "mux/base64.hpp"

#include <gtest/gtest.h>

#include "base/random.hpp"

namespace windlass::codec {
namespace {

TEST(Base64, WritesTheExamplesOfTheStandard) {
  EXPECT_EQ(encode_base64(""), "");
  EXPECT_EQ(encode_base64("f"), "Zg==");
  EXPECT_EQ(encode_base64("fo"), "Zm8=");
  EXPECT_EQ(encode_base64("foo"), "Zm9v");
  EXPECT_EQ(encode_base64("foob"), "Zm9vYg==");
  EXPECT_EQ(encode_base64("fooba"), "Zm9vYmE=");
  EXPECT_EQ(encode_base64("foobar"), "Zm9vYmFy");
  EXPECT_EQ(encode_base64("\xFB\xFF\xFE"), "+//+");
}

TEST(Base64, ReadsBackWhatItWrote) {
  base::Random random(7);
  std::string bytes;
  for (int size = 0; size < 300; ++size) {
    EXPECT_EQ(decode_base64(encode_base64(bytes)), bytes) << size << " bytes";
    bytes += static_cast<char>(random.below(256));
  }
}

TEST(Base64, RefusesWhatItWouldNotWrite) {
  for (const char* bad : {"Z", "Zg", "Zg=", "Zm8", "Zg==Zg==", "=", "====", "Z===", "Zm9v\n", "Zm 9",
                          "Zh==", "Zm9=", "-_-_", "Zg==\n123"}) {
    EXPECT_FALSE(decode_base64(bad)) << bad;
  }
}

}  // namespace
}  // namespace windlass::codec
