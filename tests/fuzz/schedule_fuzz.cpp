// libFuzzer target: any text is a file of periodic tasks, in TOML, YAML or JSON, or an error.
//
//   cmake --preset asan -DWINDLASS_FUZZ=ON && cmake --build build/asan --target schedule_fuzz
//   build/asan/bin/schedule_fuzz -max_total_time=60 new_inputs tests/fuzz/seeds/schedule
//
// The first byte says which of the three.
#include "fuzz/input.hpp"
#include "periodic/config_reader.hpp"
#include "periodic/trees.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace windlass;
  if (size == 0) return 0;
  const std::string_view text = fuzz::text(data, size).substr(1);
  const auto parse = [&] {
    switch (data[0]) {
      case 't': return periodic::parse_toml(text);
      case 'y': return periodic::parse_yaml(text);
      default: return codec::parse_json(text);
    }
  };
  const auto tree = parse();
  if (!tree) {
    fuzz::require(!tree.error().message().empty());
    return 0;
  }
  const auto configs = periodic::read_configs(*tree);
  if (!configs) fuzz::require(configs.error().code() == ErrorCode::kInvalidArgument);
  return 0;
}
