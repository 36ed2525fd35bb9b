// libFuzzer target: any text is a URL or an error, and no password is in what is logged of it.
//
//   cmake --preset asan -DWINDLASS_FUZZ=ON && cmake --build build/asan --target url_fuzz
//   build/asan/bin/url_fuzz -max_total_time=60 new_inputs tests/fuzz/seeds/url
#include <string>

#include "beanstalk/names.hpp"
#include "fuzz/input.hpp"
#include "http_client/call.hpp"
#include "redis/url.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace windlass;
  const std::string_view text = fuzz::text(data, size);
  (void)http_client::parse_url(std::string(text));
  (void)beanstalk::parse_address(text);

  const std::string shown = redis::redacted(text);
  const auto config = redis::parse_url(text);
  if (!config) {
    fuzz::require(config.error().code() == ErrorCode::kInvalidArgument);
    return 0;
  }
  // One that stands there twice, as a host or a name too, cannot be told from those.
  for (const std::string& password : {config->login.password, config->sentinel_login.password}) {
    const std::size_t at = text.find(password);
    if (password.size() < 4 || at == std::string_view::npos || text.find(password, at + 1) != std::string_view::npos)
      continue;
    fuzz::require(shown.find(password) == std::string::npos);
  }
  return 0;
}
