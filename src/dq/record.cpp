#include "dq/record.hpp"

#include <array>
#include <charconv>
#include <iterator>

namespace windlass::dq {
namespace {

constexpr std::string_view kMark = "windlass1";
constexpr std::string_view kKinds[] = {"run", "wait", "done", "dead"};

std::int64_t milliseconds(Duration d) { return d / std::chrono::milliseconds(1); }

template <class Number>
bool read(std::string_view text, Number& into) {
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), into);
  return failed == std::errc() && end == text.data() + text.size() && into >= 0;
}

std::optional<Record::Kind> find_kind(std::string_view name) {
  for (std::size_t i = 0; i < std::size(kKinds); ++i) {
    if (kKinds[i] == name) return static_cast<Record::Kind>(i);
  }
  return std::nullopt;
}

}  // namespace

std::string Record::text() const {
  std::string out(kMark);
  out.append(" ").append(kKinds[static_cast<std::size_t>(kind)]).append(" ").append(owner);
  out.append(" ").append(std::to_string(attempt)).append(" ").append(std::to_string(number));
  out.append(" ").append(std::to_string(milliseconds(span))).append(" ").append(std::to_string(milliseconds(keep)));
  return out;
}

std::optional<Record> Record::parse(std::string_view text) {
  std::array<std::string_view, 7> words;
  std::size_t count = 0;
  for (;; ++count) {
    if (count == words.size()) return std::nullopt;
    words[count] = text.substr(0, text.find(' '));
    if (words[count].size() == text.size()) break;
    text.remove_prefix(words[count].size() + 1);
  }
  if (count + 1 != words.size() || words[0] != kMark) return std::nullopt;
  const std::optional<Kind> kind = find_kind(words[1]);
  Record record;
  std::int64_t span = 0, keep = 0;
  // A hundred years: sums of times stay in range.
  constexpr std::int64_t kMax = std::int64_t{100} * 366 * 24 * 3600 * 1000;
  if (!kind || !read(words[3], record.attempt) || !read(words[4], record.number) || !read(words[5], span) ||
      !read(words[6], keep) || span > kMax || keep > kMax) {
    return std::nullopt;
  }
  record.kind = *kind;
  record.owner = words[2];
  record.span = std::chrono::milliseconds(span);
  record.keep = std::chrono::milliseconds(keep);
  return record;
}

}  // namespace windlass::dq
