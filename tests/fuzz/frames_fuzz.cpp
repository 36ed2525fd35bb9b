// libFuzzer target: any bytes, in any pieces, are frames or an error; frames are written as they were read.
//
//   cmake --preset asan -DWINDLASS_FUZZ=ON && cmake --build build/asan --target frames_fuzz
//   build/asan/bin/frames_fuzz -max_total_time=60 new_inputs tests/fuzz/seeds/frames
//
// The first byte gives the size of the pieces.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>

#include "exec/frames.hpp"

namespace {

using windlass::exec::FrameReader;

// The frames that were read, written again, and whether an error ended it.
std::pair<std::string, bool> read(std::string_view bytes, std::size_t piece) {
  FrameReader reader;
  std::string again;
  while (!bytes.empty()) {
    const std::size_t n = std::min(piece, bytes.size());
    std::memcpy(reader.room(n), bytes.data(), n);
    reader.added(n);
    bytes.remove_prefix(n);
    for (;;) {
      const auto frame = reader.next();
      if (!frame) return {again, true};
      if (!*frame) break;
      again += windlass::exec::encode_frame(**frame);
    }
  }
  return {again, false};
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  const auto whole = read(bytes, bytes.size());
  if (read(bytes, 1 + data[0]) != whole) std::abort();
  // Headers may come in another order, or twice; then they are as they should be.
  const auto second = read(whole.first, whole.first.size());
  if (second.second || second.first != whole.first) std::abort();
  return 0;
}
