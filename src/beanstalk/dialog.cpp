#include "beanstalk/dialog.hpp"

namespace windlass::beanstalk {

void Dialog::send(const Commands& commands) {
  output_ += commands.bytes();
  waiting_.insert(waiting_.end(), commands.verbs().begin(), commands.verbs().end());
}

void Dialog::wrote(std::size_t bytes) {
  written_ += bytes;
  if (written_ < output_.size()) return;
  output_.clear();
  written_ = 0;
}

Result<std::optional<Answer>> Dialog::next() {
  std::string_view rest = std::string_view(input_).substr(taken_);
  Answer answer;
  const ReplyParser::Outcome outcome = parser_.parse(rest, answer.reply);
  taken_ = input_.size() - rest.size();
  if (rest.empty()) {
    input_.clear();
    taken_ = 0;
  }
  if (outcome == ReplyParser::Outcome::kBroken) return Error(ErrorCode::kCorrupt, parser_.error());
  if (outcome == ReplyParser::Outcome::kNeedMore) return std::optional<Answer>();
  const std::string name(reply_name(answer.reply.kind));
  if (waiting_.empty()) return Error(ErrorCode::kCorrupt, "a reply (" + name + ") that nothing was asked for");
  answer.verb = waiting_.front();
  waiting_.pop_front();
  if (!fits(answer.verb, answer.reply.kind)) {
    return Error(ErrorCode::kCorrupt, name + " is no answer to " + std::string(verb_name(answer.verb)));
  }
  return std::optional<Answer>(std::move(answer));
}

}  // namespace windlass::beanstalk
