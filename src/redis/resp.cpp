#include "redis/resp.hpp"

#include <algorithm>
#include <bit>
#include <charconv>
#include <cmath>
#include <cstring>
#include <limits>

namespace windlass::redis {
namespace {

// Decimal digits with an optional sign, nothing else, as the protocol writes integers and lengths.
bool parse_integer(std::string_view text, std::int64_t& number) {
  if (text.size() > 1 && text[0] == '+' && text[1] != '-') text.remove_prefix(1);
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size();
}

bool parse_double(std::string_view text, double& number) {
  if (text == "inf" || text == "+inf") return number = std::numeric_limits<double>::infinity(), true;
  if (text == "-inf") return number = -std::numeric_limits<double>::infinity(), true;
  if (text == "nan" || text == "-nan") return number = std::numeric_limits<double>::quiet_NaN(), true;
  if (text.size() > 1 && text[0] == '+' && text[1] != '-') text.remove_prefix(1);
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size() && std::isfinite(number);
}

bool is_big_number(std::string_view text) {
  if (!text.empty() && (text[0] == '-' || text[0] == '+')) text.remove_prefix(1);
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

}  // namespace

Parser::Outcome Parser::parse(std::string_view& bytes, Replies& out) {
  if (state_ == State::kBroken) return Outcome::kBroken;
  if (state_ == State::kStart) {
    if (bytes.empty()) return Outcome::kNeedMore;
    root_node_ = out.nodes_.size();
    root_data_ = out.data_.size();
    state_ = State::kHeader;
  }
  for (;;) {
    bool value_done = false;
    if (state_ == State::kBulk) {
      if (!take_bulk(bytes, out)) return state_ == State::kBroken ? Outcome::kBroken : Outcome::kNeedMore;
      value_done = true;
    } else {
      std::string_view line;
      if (!take_line(bytes, line)) return state_ == State::kBroken ? Outcome::kBroken : Outcome::kNeedMore;
      const Step step = header(line, out);
      line_.clear();
      if (step == Step::kBroken) return Outcome::kBroken;
      value_done = step == Step::kValueDone;
    }
    if (!value_done) continue;
    state_ = State::kHeader;
    if (!close_frames(out)) continue;
    out.add_root(root_node_);
    state_ = State::kStart;
    return Outcome::kComplete;
  }
}

// A line ends with CR LF; either of them alone is part of it.
bool Parser::take_line(std::string_view& bytes, std::string_view& line) {
  std::size_t from = 0;
  for (;;) {
    const void* found = from < bytes.size() ? std::memchr(bytes.data() + from, '\n', bytes.size() - from) : nullptr;
    if (!found) break;
    const std::size_t at = static_cast<std::size_t>(static_cast<const char*>(found) - bytes.data());
    const bool after_cr = at > 0 ? bytes[at - 1] == '\r' : !line_.empty() && line_.back() == '\r';
    from = at + 1;
    if (!after_cr) continue;
    if (line_.empty()) {
      line = bytes.substr(0, at - 1);
    } else {
      line_.append(bytes.data(), from);
      line = std::string_view(line_).substr(0, line_.size() - 2);
    }
    bytes.remove_prefix(from);
    if (line.size() <= kLineBytesMax) return true;
    broken("line is longer than the limit");
    return false;
  }
  line_.append(bytes);
  bytes = {};
  if (line_.size() > kLineBytesMax) broken("line is longer than the limit");
  return false;
}

bool Parser::take_bulk(std::string_view& bytes, Replies& out) {
  if (bulk_left_ > 2) {
    const std::size_t n = static_cast<std::size_t>(std::min<std::uint64_t>(bulk_left_ - 2, bytes.size()));
    out.data_.append(bytes.data(), n);
    bytes.remove_prefix(n);
    bulk_left_ -= n;
  }
  while (bulk_left_ > 0 && bulk_left_ <= 2 && !bytes.empty()) {
    if (bytes[0] != (bulk_left_ == 2 ? '\r' : '\n')) {
      broken("a string is longer than its length says");
      return false;
    }
    bytes.remove_prefix(1);
    --bulk_left_;
  }
  if (bulk_left_ > 0) return false;
  const ReplyNode& node = out.nodes_.back();
  if (node.type == Type::kVerbatim && out.data_[node.bits + 3] != ':') {
    broken("a verbatim string has no format");
    return false;
  }
  return true;
}

Parser::Step Parser::header(std::string_view line, Replies& out) {
  if (line.empty()) return broken("empty line");
  const char kind = line[0];
  const std::string_view body = line.substr(1);
  switch (kind) {
    case '+': return text(Type::kSimple, body, out);
    case '-': return text(Type::kError, body, out);
    case '(': return is_big_number(body) ? text(Type::kBigNumber, body, out) : broken("bad big number", body);
    case ':':
    case ',':
    case '#':
    case '_': return number(kind, body, out);
    case '$': return bulk(Type::kBulk, body, out);
    case '=': return bulk(Type::kVerbatim, body, out);
    case '!': return bulk(Type::kError, body, out);
    case '*': return aggregate(Type::kArray, 1, false, body, out);
    case '~': return aggregate(Type::kSet, 1, false, body, out);
    case '>': return aggregate(Type::kPush, 1, false, body, out);
    case '%': return aggregate(Type::kMap, 2, false, body, out);
    case '|': return aggregate(Type::kMap, 2, true, body, out);
    default: return broken("unknown type", line);
  }
}

Parser::Step Parser::text(Type type, std::string_view body, Replies& out) {
  const std::size_t begin = out.data_.size();
  if (begin - root_data_ + body.size() > limits_.bytes_max) return broken("message is larger than the limit");
  if (!room_for_node(out)) return Step::kBroken;
  out.data_.append(body);
  out.nodes_.push_back(ReplyNode{type, static_cast<std::uint32_t>(body.size()), begin});
  return Step::kValueDone;
}

Parser::Step Parser::number(char kind, std::string_view body, Replies& out) {
  if (kind == '_') return body.empty() ? leaf(Type::kNull, 0, out) : broken("bad null", body);
  if (kind == '#') {
    if (body != "t" && body != "f") return broken("bad boolean", body);
    return leaf(Type::kBoolean, body == "t" ? 1 : 0, out);
  }
  if (kind == ',') {
    double real = 0;
    if (!parse_double(body, real)) return broken("bad double", body);
    return leaf(Type::kDouble, std::bit_cast<std::uint64_t>(real), out);
  }
  std::int64_t integer = 0;
  if (!parse_integer(body, integer)) return broken("bad integer", body);
  return leaf(Type::kInteger, static_cast<std::uint64_t>(integer), out);
}

Parser::Step Parser::bulk(Type type, std::string_view body, Replies& out) {
  std::int64_t size = 0;
  if (!parse_integer(body, size) || size < -1) return broken("bad string length", body);
  if (size == -1) return type == Type::kBulk ? leaf(Type::kNull, 0, out) : broken("bad string length", body);
  if (type == Type::kVerbatim && size < 4) return broken("a verbatim string has no format");
  const std::size_t begin = out.data_.size();
  if (begin - root_data_ + static_cast<std::uint64_t>(size) > limits_.bytes_max ||
      size > std::numeric_limits<std::uint32_t>::max()) {
    return broken("message is larger than the limit");
  }
  if (!room_for_node(out)) return Step::kBroken;
  out.nodes_.push_back(ReplyNode{type, static_cast<std::uint32_t>(size), begin});
  bulk_left_ = static_cast<std::uint64_t>(size) + 2;
  state_ = State::kBulk;
  return Step::kOpen;
}

Parser::Step Parser::aggregate(Type type, std::uint64_t children_each, bool attribute, std::string_view body,
                               Replies& out) {
  std::int64_t length = 0;
  if (!parse_integer(body, length) || length < -1) return broken("bad length", body);
  if (length == -1) return type == Type::kArray ? leaf(Type::kNull, 0, out) : broken("bad length", body);
  const std::uint64_t children = static_cast<std::uint64_t>(length) * children_each;
  if (static_cast<std::uint64_t>(length) > limits_.nodes_max || children > limits_.nodes_max) {
    return broken("message has more elements than the limit");
  }
  if (depth_ == kDepthMax) return broken("message is nested deeper than the limit");
  if (attribute && children == 0) return Step::kOpen;
  if (!room_for_node(out)) return Step::kBroken;
  const std::size_t node = out.nodes_.size();
  out.nodes_.push_back(ReplyNode{type, static_cast<std::uint32_t>(children), 1});
  if (children == 0) return Step::kValueDone;
  frames_[depth_++] = Frame{node, out.data_.size(), children, attribute};
  return Step::kOpen;
}

Parser::Step Parser::leaf(Type type, std::uint64_t bits, Replies& out) {
  if (!room_for_node(out)) return Step::kBroken;
  out.nodes_.push_back(ReplyNode{type, 0, bits});
  return Step::kValueDone;
}

bool Parser::room_for_node(const Replies& out) {
  if (out.nodes_.size() - root_node_ < limits_.nodes_max) return true;
  broken("message has more elements than the limit");
  return false;
}

// A value is whole: so are those aggregates of which it was the last child. True if the message is.
bool Parser::close_frames(Replies& out) {
  while (depth_ > 0) {
    Frame& frame = frames_[depth_ - 1];
    if (--frame.left > 0) return false;
    --depth_;
    if (frame.attribute) {
      out.nodes_.resize(frame.node);
      out.data_.resize(frame.data);
      return false;
    }
    out.nodes_[frame.node].bits = out.nodes_.size() - frame.node;
  }
  return true;
}

Parser::Step Parser::broken(std::string_view what, std::string_view body) {
  constexpr std::size_t kShown = 40;
  error_ = "not a Redis reply: " + std::string(what);
  if (!body.empty()) error_ += " '" + std::string(body.substr(0, kShown)) + "'";
  state_ = State::kBroken;
  return Step::kBroken;
}

}  // namespace windlass::redis
