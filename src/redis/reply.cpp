#include "redis/reply.hpp"

#include <bit>
#include <cassert>
#include <charconv>

namespace windlass::redis {
namespace {

bool has_text(Type type) {
  return type == Type::kSimple || type == Type::kBulk || type == Type::kVerbatim || type == Type::kError ||
         type == Type::kBigNumber;
}

template <class T>
std::optional<T> parse_number(std::string_view text) {
  T number{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

constexpr std::size_t kVerbatimPrefix = 4;  // "txt:"

}  // namespace

std::string_view Value::text() const {
  if (!has_text(type())) return {};
  std::string_view text(data_ + node_->bits, node_->size);
  if (type() == Type::kVerbatim) text.remove_prefix(kVerbatimPrefix);
  return text;
}

std::optional<std::int64_t> Value::integer() const {
  if (type() == Type::kInteger || type() == Type::kBoolean) return static_cast<std::int64_t>(node_->bits);
  if (!has_text(type()) || is_error()) return std::nullopt;
  return parse_number<std::int64_t>(text());
}

std::optional<double> Value::real() const {
  if (type() == Type::kDouble) return std::bit_cast<double>(node_->bits);
  if (type() == Type::kInteger) return static_cast<double>(static_cast<std::int64_t>(node_->bits));
  if (!has_text(type()) || is_error()) return std::nullopt;
  return parse_number<double>(text());
}

Value Value::operator[](std::size_t i) const {
  assert(i < size());
  if (node_->bits == node_->size + 1) return Value(node_ + 1 + i, data_);
  Iterator at = begin();
  while (i-- > 0) ++at;
  return *at;
}

std::optional<Value> Value::find(std::string_view key) const {
  const Iterator last = end();
  for (Iterator at = begin(); at != last; ++at) {
    const bool matches = (*at).text() == key;
    if (++at == last) return std::nullopt;
    if (matches) return *at;
  }
  return std::nullopt;
}

void Replies::append(const Value& value) { add_root(copy(value)); }

void Replies::replace(std::size_t i, const Value& value) {
  assert(i < count_);
  list_roots();
  roots_[i] = static_cast<std::uint32_t>(copy(value));
}

void Replies::clear() {
  nodes_.clear();
  data_.clear();
  roots_.clear();
  count_ = 0;
}

void Replies::add_root(std::size_t node) {
  if (node != count_ || !roots_.empty()) {
    list_roots();
    roots_.push_back(static_cast<std::uint32_t>(node));
  }
  ++count_;
}

void Replies::list_roots() {
  if (!roots_.empty()) return;
  roots_.reserve(count_ + 1);
  for (std::size_t i = 0; i < count_; ++i) roots_.push_back(static_cast<std::uint32_t>(i));
}

std::size_t Replies::copy(const Value& value) {
  const std::size_t root = nodes_.size();
  nodes_.insert(nodes_.end(), value.node_, value.node_ + value.span());
  for (std::size_t i = root; i < nodes_.size(); ++i) {
    ReplyNode& node = nodes_[i];
    if (!has_text(node.type)) continue;
    const std::size_t begin = data_.size();
    data_.append(value.data_ + node.bits, node.size);
    node.bits = begin;
  }
  return root;
}

}  // namespace windlass::redis
