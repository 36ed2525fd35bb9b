#include "sqlite/file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace windlass::sqlite {

namespace {

std::string folder_of(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

Error open_error(const std::string& path, int error) {
  const std::string reason = std::strerror(error);
  switch (error) {
    case ENOENT:
    case ENOTDIR:
      return Error(ErrorCode::kUnavailable, "sqlite " + path + ": the folder " + folder_of(path) +
                                                " does not exist; create it or give another path");
    case EACCES:
    case EPERM:
    case EROFS:
      return Error(ErrorCode::kPermissionDenied, "sqlite " + path + ": cannot be opened for reading and writing (" + reason +
                                                     "); give this user the right to it and to its folder");
    case ENOSPC:
    case EDQUOT:
      return Error(ErrorCode::kResourceExhausted, "sqlite " + path + ": " + reason + "; free space and try again");
    default: return Error(ErrorCode::kUnavailable, "sqlite " + path + ": cannot be opened: " + reason);
  }
}

Status check_is_file(const std::string& path) {
  struct stat status{};
  if (stat(path.c_str(), &status) != 0) return open_error(path, errno);
  if (S_ISREG(status.st_mode)) return {};
  return Error(ErrorCode::kInvalidArgument, "sqlite " + path + ": not a regular file; give the path of a database file");
}

}  // namespace

Status prepare_file(const std::string& path) {
  if (path.empty()) return Error(ErrorCode::kInvalidArgument, "sqlite: the path is empty; give sqlite:PATH");
  const int made = open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (made >= 0) {
    close(made);
    return {};
  }
  if (errno != EEXIST) return open_error(path, errno);
  if (Status regular = check_is_file(path); !regular) return regular;
  // access() and not open(): closing a descriptor of a database drops the locks that this process holds on it.
  if (access(path.c_str(), R_OK | W_OK) != 0) return open_error(path, errno);
  return {};
}

}  // namespace windlass::sqlite
