// Entries from a file.
//
// A file that is being written is not read half: after a change it must have stood still from one look to the next (a
// second), and must not change while it is read. What still comes out wrong is an error, and the entries stay as they
// are. Whoever replaces the file by a rename is safe in any case.
#include <sys/stat.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>
#include <optional>
#include <tuple>
#include <utility>

#include <windlass/periodic.hpp>

#include "core/text.hpp"
#include "periodic/config_reader.hpp"
#include "periodic/trees.hpp"

namespace windlass {
namespace {

// What changes with the content of a file.
using Stamp = std::tuple<dev_t, ino_t, off_t, time_t, long>;

class FileProvider final : public PeriodicTaskConfigProvider {
 public:
  explicit FileProvider(std::string path) : path_(std::move(path)) {}

  Result<PeriodicTaskConfigs> configs(std::stop_token /*stop*/) override {
    auto configs = read();
    if (!configs) return configs.error().at(path_);
    return configs;
  }

  bool changed() override {
    const auto stamp = look();
    if (!stamp) return false;
    const bool still = stamp == seen_;
    seen_ = stamp;
    return still && stamp != read_;
  }

 private:
  std::optional<Stamp> look() const {
    struct stat s {};
    if (stat(path_.c_str(), &s) != 0) return std::nullopt;
    return Stamp{s.st_dev, s.st_ino, s.st_size, s.st_mtim.tv_sec, s.st_mtim.tv_nsec};
  }

  Result<PeriodicTaskConfigs> read() {
    const auto before = look();
    std::ifstream file(path_, std::ios::binary);
    if (!before || !file) return Error(ErrorCode::kUnavailable, std::string("cannot be read: ") + std::strerror(errno));
    const std::string text{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
    if (file.bad()) return Error(ErrorCode::kUnavailable, "cannot be read");
    if (look() != before) return Error(ErrorCode::kUnavailable, "it changed while it was read; it will be read again");
    read_ = seen_ = before;
    if (core::is_blank(text)) {
      return Error(ErrorCode::kInvalidArgument, "is empty; an empty list of entries must be written out");
    }
    const auto tree = parse(text);
    if (!tree) return tree.error();
    return periodic::read_configs(*tree);
  }

  Result<codec::Value> parse(const std::string& text) const {
    if (path_.ends_with(".toml")) return periodic::parse_toml(text);
    if (path_.ends_with(".yaml") || path_.ends_with(".yml")) return periodic::parse_yaml(text);
    if (path_.ends_with(".json")) return codec::parse_json(text);
    return Error(ErrorCode::kInvalidArgument,
                 "what is in it cannot be told: the name must end in .toml, .yaml, .yml or .json");
  }

  const std::string path_;
  std::optional<Stamp> read_;  // when it was read last
  std::optional<Stamp> seen_;  // at the last look
};

}  // namespace

ProviderPtr file_provider(std::string path) { return std::make_shared<FileProvider>(std::move(path)); }

}  // namespace windlass
