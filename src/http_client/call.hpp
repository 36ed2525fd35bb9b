// One HTTP/1.1 call over a connection of its own, http or https. Leaves out: redirects, proxies, cookies, compression.
#pragma once

#include <cstddef>
#include <map>
#include <stop_token>
#include <string>

#include <windlass/error.hpp>
#include <windlass/time.hpp>

namespace windlass::http_client {

struct Url {
  bool tls = false;
  std::string host;  // an IPv6 address without its brackets
  std::string port;
  std::string target;  // path and query, "/" at least
};
// Errors: kInvalidArgument.
Result<Url> parse_url(const std::string& text);

struct Request {
  std::string method = "GET";
  Url url;
  std::map<std::string, std::string> headers;
  std::string body;
  Duration timeout = std::chrono::seconds(10);
  std::size_t body_max = std::size_t{16} << 20;
  std::string ca_file;
};

struct Response {
  int status = 0;
  std::map<std::string, std::string> headers;  // names in lower case
  std::string body;
};

// Blocks until the answer is there, the timeout has passed or `stop` is requested.
// Errors: kUnavailable (not reached, in time, with a trusted certificate; answer cut short), kClosed (stopped),
//         kResourceExhausted (body over body_max), kCorrupt (no HTTP).
Result<Response> call(const Request& request, std::stop_token stop);

}  // namespace windlass::http_client
