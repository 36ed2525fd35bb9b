// The configuration file: defaults for the options that all commands share.
#pragma once

#include <string>

#include <windlass/error.hpp>

namespace CLI {
class App;
}

namespace windlass::app {

// Gives the options of the root that neither the command line nor the environment set the values of the file. Its keys
// are the names of the options: broker = "redis://127.0.0.1". `path`: empty = windlass/config.toml in $XDG_CONFIG_HOME
// or ~/.config, which need not be there. Errors: kInvalidArgument: the file is not there or not TOML, or has a key or
// value that is none; with the line.
Status apply_config(CLI::App& root, const std::string& path);

}  // namespace windlass::app
