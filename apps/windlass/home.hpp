// Folders of the user, by the XDG Base Directory Specification.
#pragma once

#include <string>

#include <windlass/error.hpp>

namespace windlass::app {

// $XDG_STATE_HOME/windlass or ~/.local/state/windlass. Errors: kInvalidArgument: the user has no home folder.
Result<std::string> state_folder();
// $XDG_CONFIG_HOME/windlass or ~/.config/windlass. Errors as above.
Result<std::string> config_folder();

}  // namespace windlass::app
