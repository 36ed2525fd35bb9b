#include "demo_digest.hpp"

#include <fcntl.h>
#include <openssl/evp.h>
#include <unistd.h>
#include <zlib.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <memory>
#include <string_view>

#include "exec/command.hpp"
#include "exec/fd.hpp"

namespace windlass::app {
namespace {

constexpr std::size_t kPiece = 64 << 10;
// Paths given to one sha256sum: far from the limit on arguments, few enough processes.
constexpr std::size_t kPathsPerCheck = 200;

std::string hex(const unsigned char* bytes, std::size_t n) {
  std::string out;
  for (std::size_t i = 0; i < n; ++i) {
    out += "0123456789abcdef"[bytes[i] >> 4];
    out += "0123456789abcdef"[bytes[i] & 15];
  }
  return out;
}

class Sha256 {
 public:
  Sha256() : context_(EVP_MD_CTX_new(), EVP_MD_CTX_free) { EVP_DigestInit_ex(context_.get(), EVP_sha256(), nullptr); }
  void add(std::string_view bytes) { EVP_DigestUpdate(context_.get(), bytes.data(), bytes.size()); }
  std::string finish() {
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned length = 0;
    EVP_DigestFinal_ex(context_.get(), digest.data(), &length);
    return hex(digest.data(), length);
  }

 private:
  std::unique_ptr<EVP_MD_CTX, void (*)(EVP_MD_CTX*)> context_;
};

// Compresses into nowhere and counts.
class GzipCounter {
 public:
  GzipCounter() { deflateInit2(&stream_, Z_DEFAULT_COMPRESSION, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY); }
  ~GzipCounter() { deflateEnd(&stream_); }
  GzipCounter(const GzipCounter&) = delete;
  GzipCounter& operator=(const GzipCounter&) = delete;

  void add(std::string& bytes) { pump(bytes.data(), bytes.size(), Z_NO_FLUSH); }
  std::uint64_t finish() {
    pump(nullptr, 0, Z_FINISH);
    return stream_.total_out;
  }

 private:
  void pump(char* bytes, std::size_t n, int flush) {
    std::array<unsigned char, 16 << 10> sink;
    stream_.next_in = reinterpret_cast<unsigned char*>(bytes);
    stream_.avail_in = static_cast<unsigned>(n);
    do {
      stream_.next_out = sink.data();
      stream_.avail_out = sink.size();
      deflate(&stream_, flush);
    } while (stream_.avail_out == 0);
  }

  z_stream stream_{};
};

// "HASH *PATH\0..." as sha256sum --zero writes it: no escaping of odd names.
void read_sums(std::string_view text, std::map<std::string, std::string>& into) {
  constexpr std::size_t kHash = 64;
  while (text.size() > kHash + 2) {
    const std::string_view line = text.substr(0, text.find('\0'));
    if (line.size() > kHash + 2) into.emplace(line.substr(kHash + 2), line.substr(0, kHash));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
  }
}

}  // namespace

Result<Digest> digest_file(const std::string& path) {
  const exec::Fd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file.open()) return Error(ErrorCode::kInvalidArgument, "cannot open " + path + ": " + std::strerror(errno));
  Sha256 sha;
  GzipCounter gzip;
  Digest digest;
  std::string piece;
  for (;;) {
    piece.resize(kPiece);
    const ssize_t n = ::read(file.get(), piece.data(), piece.size());
    if (n < 0) return Error(ErrorCode::kInvalidArgument, "cannot read " + path + ": " + std::strerror(errno));
    if (n == 0) break;
    piece.resize(static_cast<std::size_t>(n));
    sha.add(piece);
    gzip.add(piece);
    digest.bytes += piece.size();
  }
  digest.sha256 = sha.finish();
  digest.gzip_bytes = gzip.finish();
  return digest;
}

Result<std::map<std::string, std::string>> independent_digests(const std::vector<std::string>& paths) {
  std::map<std::string, std::string> sums;
  for (std::size_t at = 0; at < paths.size(); at += kPathsPerCheck) {
    exec::CommandSpec spec;
    spec.argv = {"sha256sum", "--binary", "--zero", "--"};
    const std::size_t end = std::min(paths.size(), at + kPathsPerCheck);
    spec.argv.insert(spec.argv.end(), paths.begin() + static_cast<std::ptrdiff_t>(at), paths.begin() + static_cast<std::ptrdiff_t>(end));
    const exec::CommandResult ran = exec::run_command(spec, {});
    if (ran.end != exec::CommandResult::End::kExited) return Error(ErrorCode::kUnavailable, "cannot check with sha256sum: " + ran.error);
    read_sums(ran.output, sums);
  }
  return sums;
}

std::vector<std::string> regular_files(const std::string& folder) {
  namespace fs = std::filesystem;
  std::vector<std::string> files;
  std::error_code failed;
  const auto options = fs::directory_options::skip_permission_denied;
  for (auto it = fs::recursive_directory_iterator(folder, options, failed); it != fs::recursive_directory_iterator(); it.increment(failed)) {
    if (failed) break;
    std::error_code unknown;
    const bool regular = fs::is_regular_file(it->symlink_status(unknown));
    if (regular && ::access(it->path().c_str(), R_OK) == 0) files.push_back(it->path().string());
  }
  std::sort(files.begin(), files.end());
  return files;
}

}  // namespace windlass::app
