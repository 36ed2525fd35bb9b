#include "http/gzip.hpp"

#include <zlib.h>

#include <algorithm>
#include <new>

namespace windlass::http {
namespace {

constexpr int kGzipWindow = 15 + 16;

z_stream stream_over(std::string_view bytes) {
  z_stream stream{};
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  stream.avail_in = static_cast<uInt>(bytes.size());
  return stream;
}

}  // namespace

std::string gzip(std::string_view bytes, int level) {
  z_stream stream = stream_over(bytes);
  if (::deflateInit2(&stream, level, Z_DEFLATED, kGzipWindow, 8, Z_DEFAULT_STRATEGY) != Z_OK) throw std::bad_alloc();
  std::string out(::deflateBound(&stream, static_cast<uLong>(bytes.size())), '\0');
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  ::deflate(&stream, Z_FINISH);
  out.resize(stream.total_out);
  ::deflateEnd(&stream);
  return out;
}

std::optional<std::string> gunzip(std::string_view bytes, std::size_t max) {
  z_stream stream = stream_over(bytes);
  if (::inflateInit2(&stream, kGzipWindow) != Z_OK) throw std::bad_alloc();
  std::string out;
  int result = Z_OK;
  while (result == Z_OK && out.size() < max) {
    const std::size_t had = out.size();
    out.resize(std::min(max, had + (64 << 10)));
    stream.next_out = reinterpret_cast<Bytef*>(out.data() + had);
    stream.avail_out = static_cast<uInt>(out.size() - had);
    result = ::inflate(&stream, Z_NO_FLUSH);
    out.resize(stream.total_out);
    if (result == Z_BUF_ERROR) break;
  }
  ::inflateEnd(&stream);
  if (result != Z_STREAM_END) return std::nullopt;
  return out;
}

}  // namespace windlass::http
