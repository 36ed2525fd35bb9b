// Files that are part of the program, served from memory. No file system: a path that is not in the table does not exist.
#pragma once

#include <string_view>

#include "http/message.hpp"

namespace windlass::http {

struct Asset {
  std::string_view path;  // without the first slash: "index.html"
  std::string_view type;  // "text/html; charset=utf-8"
  std::string_view etag;  // with its quotes
  std::string_view gzip;  // the bytes, compressed
};

// 304 if the client has it; compressed if it takes that, else inflated. `immutable`: it may be kept for ever.
Response serve_asset(const Request& request, const Asset& asset, bool immutable);

}  // namespace windlass::http
