// RequestParser: bytes of a connection to Requests, within limits. Sans I/O.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string_view>

#include "http/message.hpp"

namespace windlass::http {

struct Limits {
  std::size_t head_max = 16 << 10;  // request line and headers, bytes
  std::size_t body_max = 1 << 20;   // bytes
};

// Thread-compatible.
class RequestParser {
 public:
  explicit RequestParser(Limits limits);
  ~RequestParser();

  // Takes bytes and returns how many; the rest belongs to the next request, or failed() tells.
  std::size_t feed(std::string_view bytes);

  // A byte of the request has come.
  bool begun() const { return begun_; }
  // The request has come as a whole.
  bool done() const;
  // The answer to what is no request or over a limit: 400, 413, 431. The connection is of no more use.
  std::optional<Response> failed() const { return failure_; }
  // True once, when the head has come and its client waits for leave to send the body.
  bool take_expect();

  // The request; then the parser is ready for the next one. REQUIRES: done().
  Request take();

 private:
  struct Impl;
  void reset();
  void take_head();

  const Limits limits_;
  std::unique_ptr<Impl> impl_;
  bool begun_ = false;
  bool asked_ = false;
  std::optional<Response> failure_;
};

}  // namespace windlass::http
