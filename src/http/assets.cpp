#include "http/assets.hpp"

#include "http/gzip.hpp"

namespace windlass::http {
namespace {

constexpr std::size_t kAssetMax = 64 << 20;

}  // namespace

Response serve_asset(const Request& request, const Asset& asset, bool immutable) {
  Response response;
  response.set("ETag", std::string(asset.etag));
  response.set("Cache-Control", immutable ? "public, max-age=31536000, immutable" : "no-cache");
  response.set("Vary", "Accept-Encoding");
  const std::string* known = request.header("if-none-match");
  if (known && (*known == "*" || known->find(asset.etag) != known->npos)) {
    response.status = 304;
    return response;
  }
  response.set("Content-Type", std::string(asset.type));
  const std::string* encodings = request.header("accept-encoding");
  if (encodings && list_accepts(*encodings, "gzip")) {
    response.body = std::string(asset.gzip);
    response.set("Content-Encoding", "gzip");
    return response;
  }
  response.body = gunzip(asset.gzip, kAssetMax).value_or("");
  return response;
}

}  // namespace windlass::http
