#include "http/parser.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>

namespace windlass::http {
namespace {

namespace beast = boost::beast;

std::string text_of(beast::string_view text) { return {text.data(), text.size()}; }

std::string lower(beast::string_view text) {
  std::string out = text_of(text);
  for (char& c : out) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return out;
}

Response refusal(const beast::error_code& code) {
  using beast::http::error;
  if (code == error::body_limit) return Response::text(413, "the body of the request is too large\n");
  if (code == error::header_limit) return Response::text(431, "the head of the request is too large\n");
  return Response::text(400, "this is no HTTP/1.1 request: " + code.message() + "\n");
}

// Path and query of a target, which may also be a whole URL.
bool split_target(std::string_view target, Request& request) {
  if (const auto scheme = target.find("://"); scheme != target.npos && target.front() != '/') {
    const auto slash = target.find('/', scheme + 3);
    target = slash == target.npos ? "/" : target.substr(slash);
  }
  if (!target.starts_with('/')) return false;
  const std::size_t question = target.find('?');
  request.path = std::string(target.substr(0, question));
  if (question != target.npos) request.query = Query(target.substr(question + 1));
  return true;
}

}  // namespace

struct RequestParser::Impl {
  beast::http::request_parser<beast::http::string_body> parser;
  Request head;
  bool head_taken = false;
};

RequestParser::RequestParser(Limits limits) : limits_(limits) { reset(); }
RequestParser::~RequestParser() = default;

void RequestParser::reset() {
  impl_ = std::make_unique<Impl>();
  impl_->parser.header_limit(static_cast<std::uint32_t>(limits_.head_max));
  impl_->parser.body_limit(limits_.body_max);
  begun_ = asked_ = false;
}

std::size_t RequestParser::feed(std::string_view bytes) {
  std::size_t taken = 0;
  while (taken < bytes.size() && !done() && !failure_) {
    begun_ = true;
    beast::error_code code;
    const std::size_t n = impl_->parser.put(boost::asio::buffer(bytes.data() + taken, bytes.size() - taken), code);
    taken += n;
    if (code && code != beast::http::error::need_more) failure_ = refusal(code);
    if (impl_->parser.is_header_done() && !impl_->head_taken) take_head();
    if (n == 0) break;
  }
  return taken;
}

// As soon as it has come: fields behind a body in chunks are no part of it.
void RequestParser::take_head() {
  impl_->head_taken = true;
  const auto& message = impl_->parser.get();
  Request& request = impl_->head;
  request.method = text_of(message.method_string());
  request.keep_alive = message.keep_alive();
  for (const auto& field : message) request.headers.emplace_back(lower(field.name_string()), text_of(field.value()));
  if (split_target({message.target().data(), message.target().size()}, request)) return;
  failure_ = Response::text(400, "the target of the request must begin with '/'\n");
}

bool RequestParser::done() const { return impl_->parser.is_done() && !failure_; }

bool RequestParser::take_expect() {
  if (asked_ || done() || failure_ || !impl_->head_taken) return false;
  asked_ = true;
  const std::string* expect = impl_->head.header("expect");
  return expect && same_name(*expect, "100-continue");
}

Request RequestParser::take() {
  Request request = std::move(impl_->head);
  request.body = std::move(impl_->parser.get().body());
  reset();
  return request;
}

}  // namespace windlass::http
