#include "http_client/call.hpp"

#include <array>
#include <utility>

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>

#include "http_client/stream_socket.hpp"

namespace windlass::http_client {
namespace {

namespace http = boost::beast::http;
using Parser = http::response_parser<http::string_body>;

std::string request_text(const Request& request) {
  const Url& url = request.url;
  const bool ipv6 = url.host.find(':') != std::string::npos;
  std::string text = request.method + " " + url.target + " HTTP/1.1\r\nHost: " + (ipv6 ? "[" + url.host + "]" : url.host);
  if (url.port != (url.tls ? "443" : "80")) text += ":" + url.port;
  text += "\r\nConnection: close\r\nAccept: application/json\r\nUser-Agent: windlass\r\n";
  for (const auto& [name, value] : request.headers) text += name + ": " + value + "\r\n";
  if (!request.body.empty()) text += "Content-Length: " + std::to_string(request.body.size()) + "\r\n";
  return text + "\r\n" + request.body;
}

Error parse_failure(const boost::system::error_code& code, const Request& request) {
  if (code == http::error::body_limit) {
    return Error(ErrorCode::kResourceExhausted,
                 "the answer is larger than " + std::to_string(request.body_max) + " bytes");
  }
  if (code == http::error::partial_message || code == http::error::end_of_stream) {
    return Error(ErrorCode::kUnavailable, "the connection ended before the answer was complete");
  }
  return Error(ErrorCode::kCorrupt, "the answer is no HTTP: " + code.message());
}

std::string lower(std::string_view text) {
  std::string result(text);
  for (char& c : result) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
  }
  return result;
}

Response response_of(Parser& parser) {
  Response response;
  response.status = parser.get().result_int();
  for (const auto& field : parser.get()) {
    response.headers[lower({field.name_string().data(), field.name_string().size()})] = std::string(field.value());
  }
  response.body = std::move(parser.get().body());
  return response;
}

// Gives the bytes to the parser, and keeps what it has no use for yet.
boost::system::error_code feed(Parser& parser, std::string& bytes) {
  boost::system::error_code code;
  while (!bytes.empty() && !parser.is_done()) {
    const std::size_t used = parser.put(boost::asio::buffer(bytes), code);
    bytes.erase(0, used);
    if (code || used == 0) break;
  }
  return code == http::error::need_more ? boost::system::error_code() : code;
}

Result<Response> read_response(StreamSocket& socket, const Request& request) {
  Parser parser;
  parser.eager(true);
  parser.body_limit(request.body_max);
  std::string bytes;
  std::array<char, 16384> buffer;
  while (!parser.is_done()) {
    const auto n = socket.read(buffer);
    if (!n) return n.error();
    bytes.append(buffer.data(), *n);
    boost::system::error_code code;
    if (*n == 0) {
      parser.put_eof(code);
    } else {
      code = feed(parser, bytes);
    }
    if (code) return parse_failure(code, request);
  }
  return response_of(parser);
}

}  // namespace

Result<Response> call(const Request& request, std::stop_token stop) {
  StreamSocket socket(request.timeout, std::move(stop));
  if (Status connected = socket.connect(request.url.host, request.url.port); !connected) return connected.error();
  if (request.url.tls) {
    if (Status secured = socket.start_tls(request.url.host, request.ca_file); !secured) return secured.error();
  }
  if (Status sent = socket.write(request_text(request)); !sent) return sent.error();
  return read_response(socket, request);
}

}  // namespace windlass::http_client
