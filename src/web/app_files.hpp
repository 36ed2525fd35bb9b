// The web app's files, and what is served where they are not part of the program.
#pragma once

#include <string>

#include "http/message.hpp"

namespace windlass::web {

// `path` is below the root path. A path that is no file gets index.html: the app knows what to show there.
http::Response serve_app(const http::Request& request, const std::string& path, const std::string& root_path);

}  // namespace windlass::web
