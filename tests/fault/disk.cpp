#include "fault/disk.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <stdexcept>

#include "fault/let_pass.hpp"

namespace windlass::fault {
namespace {

constexpr const char* kModeFile = "mode";
constexpr const char* kSynced = ".synced";

}  // namespace

Disk::Disk() { std::ofstream(file(kModeFile)) << '\0'; }

std::vector<std::string> Disk::environment() const {
  return {std::string("LD_PRELOAD=") + WINDLASS_DISK_SHIM, "WINDLASS_DISK=" + dir_.path()};
}

void Disk::lose_power(const std::string& folder) const {
  namespace fs = std::filesystem;
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(folder)) {
    const fs::path& path = entry.path();
    if (entry.is_regular_file() && path.extension() != kSynced && path.filename() != kModeFile) files.push_back(path);
  }
  for (const fs::path& path : files) {
    const fs::path synced = path.string() + kSynced;
    if (fs::exists(synced)) fs::copy_file(synced, path, fs::copy_options::overwrite_existing);
    else fs::resize_file(path, 0);
  }
}

void Disk::set_mode(char mode) const {
  const std::string path = file(kModeFile);
  const int fd = ::open(path.c_str(), O_WRONLY | O_CLOEXEC);
  if (fd < 0 || ::pwrite(fd, &mode, 1, 0) != 1) throw std::runtime_error("cannot write " + path);
  ::close(fd);
}

std::string Disk::refuse_for_a_while(DiskTrouble trouble, base::Random& random) const {
  set_mode(static_cast<char>(trouble));
  let_pass(random, 200, 2000);
  set_mode(0);
  return trouble == DiskTrouble::kFull ? "no space left" : "read-only";
}

}  // namespace windlass::fault
