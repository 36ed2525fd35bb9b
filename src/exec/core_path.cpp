#include "exec/core_path.hpp"

#include <fstream>

namespace windlass::exec {
namespace {

std::string first_line(const char* path) {
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);
  return line;
}

}  // namespace

std::string expand_core_pattern(std::string_view pattern, bool uses_pid, pid_t pid) {
  if (pattern.starts_with('|')) return "by " + std::string(pattern.substr(1, pattern.find(' ') - 1));
  std::string path;
  bool has_pid = false;
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    if (pattern[i] != '%') {
      path += pattern[i];
      continue;
    }
    const char specifier = ++i < pattern.size() ? pattern[i] : '\0';
    if (specifier == '%') {
      path += '%';
    } else if (specifier == 'p' || specifier == 'P') {
      path += std::to_string(pid);
      has_pid = true;
    } else {
      return "";
    }
  }
  if (!has_pid && uses_pid) path += "." + std::to_string(pid);
  return path;
}

std::string core_path(pid_t pid) {
  return expand_core_pattern(first_line("/proc/sys/kernel/core_pattern"),
                             first_line("/proc/sys/kernel/core_uses_pid") == "1", pid);
}

}  // namespace windlass::exec
