// What a demo task does to a file, and the independent check of it.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include <windlass/codec.hpp>
#include <windlass/error.hpp>

namespace windlass::app {

struct Digest {
  std::string sha256;            // hex
  std::uint64_t bytes = 0;
  std::uint64_t gzip_bytes = 0;  // what it takes compressed
};
WINDLASS_FIELDS(Digest, sha256, bytes, gzip_bytes)

// Reads the file once, in pieces. Errors: kInvalidArgument, with the system's reason.
Result<Digest> digest_file(const std::string& path);

// SHA-256 (hex) by path, read and computed by the sha256sum of this machine: another program, another implementation. Files that it
// cannot read are not there.
Result<std::map<std::string, std::string>> independent_digests(const std::vector<std::string>& paths);

// The regular files below a folder that this process may read, links not followed. Sorted.
std::vector<std::string> regular_files(const std::string& folder);

}  // namespace windlass::app
