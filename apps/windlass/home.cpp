#include "home.hpp"

#include <pwd.h>
#include <unistd.h>

#include <cstdlib>

namespace windlass::app {
namespace {

Result<std::string> folder(const char* variable, const char* below_home) {
  if (const char* xdg = std::getenv(variable); xdg && *xdg == '/') return std::string(xdg) + "/windlass";
  const char* home = std::getenv("HOME");
  if (!home || *home != '/') {
    const passwd* user = ::getpwuid(::getuid());
    home = user ? user->pw_dir : nullptr;
  }
  if (home && *home == '/') return std::string(home) + below_home + "/windlass";
  return Error(ErrorCode::kInvalidArgument, "no home folder");
}

}  // namespace

Result<std::string> state_folder() { return folder("XDG_STATE_HOME", "/.local/state"); }
Result<std::string> config_folder() { return folder("XDG_CONFIG_HOME", "/.config"); }

}  // namespace windlass::app
