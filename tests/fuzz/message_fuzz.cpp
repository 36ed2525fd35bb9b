// libFuzzer target: any bytes are a message or an error, and a message that was read is written so that it reads the
// same.
//
//   cmake --preset asan -DWINDLASS_FUZZ=ON && cmake --build build/asan --target message_fuzz
//   build/asan/bin/message_fuzz -max_total_time=60 new_inputs tests/fuzz/seeds/message
#include "core/message.hpp"
#include "fuzz/input.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace windlass;
  const auto message = core::decode_message(fuzz::text(data, size));
  if (!message) {
    fuzz::require(message.error().code() == ErrorCode::kCorrupt);
    return 0;
  }
  // The first writing replaces what is not UTF-8; from then on nothing changes any more.
  const std::string bytes = core::encode_message(*message);
  const auto again = core::decode_message(bytes);
  fuzz::require(again && core::encode_message(*again) == bytes);
  return 0;
}
