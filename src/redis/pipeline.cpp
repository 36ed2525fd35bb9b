#include "redis/pipeline.hpp"

#include <charconv>

#include "redis/script.hpp"

namespace windlass::redis {
namespace {

constexpr std::string_view kEvalSha = "EVALSHA";
constexpr std::string_view kEval = "EVAL";

}  // namespace

Pipeline& Pipeline::begin(std::string_view name, std::size_t args) {
  assert(args_left_ == 0);
  Command& command = commands_.emplace_back();
  command.begin = bytes_.size();
  put_length('*', args + 1);
  args_left_ = args + 1;
  return arg(name);
}

Pipeline& Pipeline::arg(std::string_view text) {
  put_text(text);
  finish_arg();
  return *this;
}

Pipeline& Pipeline::key(std::string_view name) {
  put_text(name);
  Command& command = commands_.back();
  if (!command.has_key) {
    command.has_key = true;
    command.key_size = name.size();
    command.key_begin = bytes_.size() - name.size() - 2;
  }
  finish_arg();
  return *this;
}

Pipeline& Pipeline::arg_integer(std::int64_t number) {
  char digits[24];
  const char* end = std::to_chars(digits, digits + sizeof digits, number).ptr;
  return arg(std::string_view(digits, static_cast<std::size_t>(end - digits)));
}

Pipeline& Pipeline::eval(const Script& script, std::size_t keys, std::size_t args) {
  begin(kEvalSha, 2 + keys + args).arg(script.sha1()).arg(keys);
  commands_.back().script = &script;
  return *this;
}

Pipeline& Pipeline::idempotent() {
  if (!commands_.back().idempotent) ++idempotent_;
  commands_.back().idempotent = true;
  return *this;
}

Pipeline& Pipeline::append(const Pipeline& other, std::size_t i) {
  assert(args_left_ == 0);
  Command command = other.commands_[i];
  const std::size_t begin = bytes_.size();
  bytes_.append(other.bytes_, command.begin, command.end - command.begin);
  command.key_begin += begin - command.begin;
  command.begin = begin;
  command.end = bytes_.size();
  if (command.idempotent) ++idempotent_;
  commands_.push_back(command);
  return *this;
}

Pipeline& Pipeline::append_with_source(const Pipeline& other, std::size_t i) {
  assert(args_left_ == 0 && other.commands_[i].script);
  Command command = other.commands_[i];
  const std::string_view old = std::string_view(other.bytes_).substr(command.begin, command.end - command.begin);
  // *N CRLF, $7 CRLF EVALSHA CRLF, $40 CRLF hash CRLF
  const std::size_t count_line = old.find('\n') + 1;
  const std::size_t name_and_hash = 4 + kEvalSha.size() + 2 + 5 + Script::kSha1Size + 2;
  const std::size_t begin = bytes_.size();
  bytes_.append(old.substr(0, count_line));
  put_text(kEval);
  put_text(command.script->source());
  const std::size_t rest = bytes_.size();
  bytes_.append(old.substr(count_line + name_and_hash));
  command.key_begin = rest + (command.key_begin - command.begin) - (count_line + name_and_hash);
  command.begin = begin;
  command.end = bytes_.size();
  if (command.idempotent) ++idempotent_;
  commands_.push_back(command);
  return *this;
}

std::string_view Pipeline::key_of(std::size_t i) const {
  const Command& command = commands_[i];
  if (!command.has_key) return {};
  return std::string_view(bytes_).substr(command.key_begin, command.key_size);
}

void Pipeline::clear() {
  bytes_.clear();
  commands_.clear();
  args_left_ = 0;
  idempotent_ = 0;
}

void Pipeline::put_length(char kind, std::size_t length) {
  char head[24];
  head[0] = kind;
  char* end = std::to_chars(head + 1, head + sizeof head - 2, length).ptr;
  *end++ = '\r';
  *end++ = '\n';
  bytes_.append(head, static_cast<std::size_t>(end - head));
}

void Pipeline::put_text(std::string_view text) {
  put_length('$', text.size());
  bytes_.append(text);
  bytes_.append("\r\n", 2);
}

void Pipeline::finish_arg() {
  assert(args_left_ > 0);
  --args_left_;
  commands_.back().end = bytes_.size();
}

}  // namespace windlass::redis
