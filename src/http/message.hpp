// Request and Response: plain values. How they are read and written on the wire is parser's and connection's business.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "http/uri.hpp"

namespace windlass::http {

class EventStream;

using Fields = std::vector<std::pair<std::string, std::string>>;

// Thread-compatible value.
struct Request {
  std::string method;                             // as sent: "GET"
  std::string path;                               // not decoded, begins with '/'
  Query query;
  Fields headers;                                 // names in lower case, in order
  std::string body;
  std::string peer;                               // the address of the client, without its port
  bool tls = false;
  bool keep_alive = true;
  std::map<std::string, std::string> parameters;  // from the pattern of the route, decoded

  // The first of that name (lower case); nullptr if there is none.
  const std::string* header(std::string_view name) const;
  // How many there are of that name.
  std::size_t header_count(std::string_view name) const;
  // REQUIRES: the pattern of the route has it.
  const std::string& parameter(const std::string& name) const { return parameters.at(name); }
};

// Thread-compatible value. The server adds Content-Length, Date, Connection and (for clients that take it) gzip.
struct Response {
  int status = 200;
  Fields headers;
  std::string body;
  // For an event stream: called by the loop when the head is on its way. It must not block. `body` is sent first.
  std::function<void(std::shared_ptr<EventStream>)> opened;

  Response() {}  // NOLINT(modernize-use-equals-default)
  explicit Response(int code) : status(code) {}

  static Response text(int status, std::string body, std::string_view type = "text/plain; charset=utf-8");
  static Response json(int status, std::string body) { return text(status, std::move(body), "application/json"); }
  static Response events(std::function<void(std::shared_ptr<EventStream>)> opened);

  // Over one of the same name.
  Response& set(std::string_view name, std::string value);
  const std::string* header(std::string_view name) const;  // in any case
};

// Seen from the loop and from tests: the bytes up to and with the empty line. Values cannot break out of their line.
// `length` = npos: no Content-Length.
std::string format_head(const Response& response, std::size_t length, bool keep_alive, std::string_view date);

std::string_view reason_of(int status);
// Equal but for the case of ASCII letters.
bool same_name(std::string_view a, std::string_view b);
// True if `list` ("gzip, br;q=0.5") names `item` and does not refuse it with q=0.
bool list_accepts(std::string_view list, std::string_view item);

}  // namespace windlass::http
