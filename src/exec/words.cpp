#include "exec/words.hpp"

#include <utility>

#include "core/text.hpp"

namespace windlass::exec {
namespace {

Error bad_command(std::string what, std::size_t place) {
  return Error(ErrorCode::kInvalidArgument, what + " at character " + std::to_string(place + 1));
}

bool is_separator(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

class Splitter {
 public:
  explicit Splitter(std::string_view text) : text_(text) {}

  Result<std::vector<std::string>> split() {
    if (const auto zero = text_.find('\0'); zero != text_.npos) return bad_command("zero byte in the command", zero);
    while (skip_separators()) {
      std::string word;
      if (Status read = read_word(word); !read) return read.error();
      words_.push_back(std::move(word));
    }
    if (words_.empty() || words_[0].empty()) return Error(ErrorCode::kInvalidArgument, "the command is empty");
    return std::move(words_);
  }

 private:
  bool skip_separators() {
    while (at_ < text_.size() && is_separator(text_[at_])) ++at_;
    return at_ < text_.size();
  }

  Status read_word(std::string& word) {
    while (at_ < text_.size() && !is_separator(text_[at_])) {
      const char c = text_[at_];
      Status read;
      if (c == '\'' || c == '"') read = read_quoted(word);
      else if (c == '\\') read = read_escaped(word);
      else word += text_[at_++];
      if (!read) return read;
    }
    return {};
  }

  Status read_quoted(std::string& word) {
    const std::size_t start = at_;
    const char quote = text_[at_++];
    for (; at_ < text_.size() && text_[at_] != quote; ++at_) {
      const bool escape = quote == '"' && text_[at_] == '\\' && at_ + 1 < text_.size() &&
                          (text_[at_ + 1] == '"' || text_[at_ + 1] == '\\');
      if (escape) ++at_;
      word += text_[at_];
    }
    if (at_ == text_.size()) return bad_command(std::string("the quote ") + quote + " is not closed; it was opened", start);
    ++at_;
    return {};
  }

  Status read_escaped(std::string& word) {
    if (at_ + 1 == text_.size()) return bad_command("a backslash with nothing behind it", at_);
    word += text_[at_ + 1];
    at_ += 2;
    return {};
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::vector<std::string> words_;
};

}  // namespace

Result<std::vector<std::string>> split_command(std::string_view text) { return Splitter(text).split(); }

Result<ExecRule> parse_exec_rule(std::string_view text) {
  const std::string where = "'" + std::string(text) + "'";
  const auto equals = text.find('=');
  if (equals == text.npos) {
    return Error(ErrorCode::kInvalidArgument, where + ": must be PATTERN=COMMAND, as in 'email:=/usr/bin/send-mail {id}'");
  }
  if (core::is_blank(text.substr(0, equals))) {
    return Error(ErrorCode::kInvalidArgument, where + ": the pattern of task types before '=' is blank");
  }
  Result<std::vector<std::string>> argv = split_command(text.substr(equals + 1));
  if (!argv) return argv.error().at(where);
  return ExecRule{.pattern = std::string(text.substr(0, equals)), .argv = *std::move(argv)};
}

}  // namespace windlass::exec
