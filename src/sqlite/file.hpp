// The file under a database: made private before SQLite touches it, and its troubles named before SQLite hides them.
#pragma once

#include <string>

#include <windlass/error.hpp>

namespace windlass::sqlite {

// Creates an empty file with mode 0600 if there is none, and checks that an existing one can be read and written.
// Errors: kUnavailable (its folder is missing, and named), kPermissionDenied, kInvalidArgument (a folder, a device).
Status prepare_file(const std::string& path);

}  // namespace windlass::sqlite
