// Replies: what Redis answered, decoded. All replies of one call stand in one flat arena (a vector of 16-byte nodes and one
// string), so that a reply of ten thousand strings costs a handful of allocations and is freed at once.
//
//   for (Value id : replies[0]) use(id.text());
//
// RESP2 and RESP3 look the same here as far as they can: both kinds of null are kNull, a bulk error is a kError. What is
// left out: attributes (read and dropped, no command we send has any) and streamed aggregates (no Redis sends them).
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace windlass::redis {

enum class Type : std::uint8_t {
  kNull, kSimple, kBulk, kVerbatim, kError, kInteger, kBoolean, kDouble, kBigNumber, kArray, kSet, kPush, kMap,
};

// One value in the arena. An aggregate is followed by its children in order, each with its own subtree.
struct ReplyNode {
  Type type = Type::kNull;
  std::uint32_t size = 0;   // bytes of a text; number of children of an aggregate (two for each entry of a map)
  std::uint64_t bits = 0;   // a text: where it begins in the arena's string; an aggregate: nodes in its subtree, with itself;
                            // a number: itself
};

// A view of one value. Valid as long as the Replies it came from are neither changed, moved nor destroyed.
class Value {
 public:
  Value(const ReplyNode* node, const char* data) : node_(node), data_(data) {}

  Type type() const { return node_->type; }
  bool is_null() const { return type() == Type::kNull; }
  bool is_error() const { return type() == Type::kError; }
  bool is_aggregate() const { return type() >= Type::kArray; }

  // The bytes of a string, error or big number; of a verbatim string those after "txt:". Empty for all other types.
  std::string_view text() const;
  // An integer, a boolean (0 or 1), or a text that is one in decimal: RESP2 has text where RESP3 has numbers.
  std::optional<std::int64_t> integer() const;
  // A double, an integer, or a text that is one.
  std::optional<double> real() const;

  // Children of an aggregate, else 0. A map of n entries has 2n: key, value, key, value.
  std::size_t size() const { return is_aggregate() ? node_->size : 0; }
  // The i-th child. At once if no child is an aggregate, else by walking. REQUIRES: i < size().
  Value operator[](std::size_t i) const;
  // The value that follows `key` in a map (RESP3) or in an array of pairs (RESP2).
  std::optional<Value> find(std::string_view key) const;

  class Iterator {
   public:
    Iterator(const ReplyNode* node, const char* data) : node_(node), data_(data) {}
    Value operator*() const { return Value(node_, data_); }
    Iterator& operator++() { node_ += Value(node_, data_).span(); return *this; }
    friend bool operator==(const Iterator& a, const Iterator& b) { return a.node_ == b.node_; }

   private:
    const ReplyNode* node_;
    const char* data_;
  };
  Iterator begin() const { return Iterator(node_ + (is_aggregate() ? 1 : 0), data_); }
  Iterator end() const { return Iterator(is_aggregate() ? node_ + span() : node_, data_); }

 private:
  friend class Replies;
  std::size_t span() const { return is_aggregate() ? node_->bits : 1; }

  const ReplyNode* node_;
  const char* data_;
};

// A sequence of whole replies. Thread-compatible value.
class Replies {
 public:
  std::size_t size() const { return count_; }
  bool empty() const { return count_ == 0; }
  // REQUIRES: i < size().
  Value operator[](std::size_t i) const { return Value(&nodes_[root(i)], data_.data()); }

  // Adds a copy of `value`, which must not be of these Replies.
  void append(const Value& value);
  // Puts a copy of `value`, which must not be of these Replies, in the place of the i-th.
  void replace(std::size_t i, const Value& value);
  // Keeps the memory for the next use.
  void clear();

 private:
  friend class Parser;

  std::size_t root(std::size_t i) const { return roots_.empty() ? i : roots_[i]; }
  void add_root(std::size_t node);
  void list_roots();
  std::size_t copy(const Value& value);

  std::vector<ReplyNode> nodes_;
  std::string data_;
  std::vector<std::uint32_t> roots_;  // node of the i-th reply; empty as long as that is i for all of them
  std::size_t count_ = 0;
};

}  // namespace windlass::redis
