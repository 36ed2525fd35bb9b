#include "beanstalk/reply.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <initializer_list>
#include <iterator>
#include <utility>

namespace windlass::beanstalk {
namespace {

enum class Shape : std::uint8_t { kBare, kNumber, kMaybeNumber, kName, kIdAndBody, kBody };

struct Form {
  std::string_view name;
  Shape shape;
};

// In the order of ReplyKind.
constexpr Form kForms[] = {
    {"INSERTED", Shape::kNumber},    {"USING", Shape::kName},          {"RESERVED", Shape::kIdAndBody},
    {"DELETED", Shape::kBare},       {"RELEASED", Shape::kBare},       {"BURIED", Shape::kMaybeNumber},
    {"TOUCHED", Shape::kBare},       {"WATCHING", Shape::kNumber},     {"FOUND", Shape::kIdAndBody},
    {"KICKED", Shape::kMaybeNumber}, {"PAUSED", Shape::kBare},         {"OK", Shape::kBody},
    {"TIMED_OUT", Shape::kBare},     {"DEADLINE_SOON", Shape::kBare},  {"NOT_FOUND", Shape::kBare},
    {"NOT_IGNORED", Shape::kBare},   {"EXPECTED_CRLF", Shape::kBare},  {"JOB_TOO_BIG", Shape::kBare},
    {"DRAINING", Shape::kBare},      {"OUT_OF_MEMORY", Shape::kBare},  {"INTERNAL_ERROR", Shape::kBare},
    {"BAD_FORMAT", Shape::kBare},    {"UNKNOWN_COMMAND", Shape::kBare}};
static_assert(std::size(kForms) == static_cast<std::size_t>(ReplyKind::kUnknownCommand) + 1);

std::string_view meaning(Verb verb, ReplyKind kind) {
  switch (kind) {
    case ReplyKind::kJobTooBig: return "the body is larger than this beanstalkd takes (65535 bytes, or its option -z)";
    case ReplyKind::kDraining: return "the server is in drain mode and takes no new jobs";
    case ReplyKind::kOutOfMemory: return "the server has no memory left; try again later";
    case ReplyKind::kBuried: return "the server had no memory to queue the job and buried it";
    case ReplyKind::kNotFound:
      return verb == Verb::kStatsTube || verb == Verb::kPauseTube
                 ? "there is no such tube"
                 : "there is no such job, or it is reserved by somebody else";
    case ReplyKind::kTimedOut: return "no job came in time";
    case ReplyKind::kDeadlineSoon: return "the time to run of a reserved job is nearly over";
    case ReplyKind::kNotIgnored: return "the only tube that is watched cannot be ignored";
    case ReplyKind::kInternalError: return "a bug in the server";
    default: return "the server did not understand what was sent";
  }
}

ErrorCode code_of(ReplyKind kind) {
  switch (kind) {
    case ReplyKind::kNotFound: return ErrorCode::kTaskNotFound;
    case ReplyKind::kJobTooBig:
    case ReplyKind::kOutOfMemory:
    case ReplyKind::kBuried: return ErrorCode::kResourceExhausted;
    case ReplyKind::kDraining:
    case ReplyKind::kTimedOut:
    case ReplyKind::kDeadlineSoon: return ErrorCode::kUnavailable;
    case ReplyKind::kNotIgnored: return ErrorCode::kFailedPrecondition;
    default: return ErrorCode::kInternal;
  }
}

bool one_of(ReplyKind kind, std::initializer_list<ReplyKind> kinds) {
  return std::find(kinds.begin(), kinds.end(), kind) != kinds.end();
}

}  // namespace

std::string_view reply_name(ReplyKind kind) { return kForms[static_cast<std::size_t>(kind)].name; }

bool fits(Verb verb, ReplyKind kind) {
  using K = ReplyKind;
  if (one_of(kind, {K::kOutOfMemory, K::kInternalError, K::kBadFormat, K::kUnknownCommand})) return true;
  switch (verb) {
    case Verb::kPut: return one_of(kind, {K::kInserted, K::kBuried, K::kExpectedCrlf, K::kJobTooBig, K::kDraining});
    case Verb::kUse:
    case Verb::kListTubeUsed: return kind == K::kUsing;
    case Verb::kReserve:
    case Verb::kReserveWithTimeout: return one_of(kind, {K::kReserved, K::kTimedOut, K::kDeadlineSoon});
    case Verb::kReserveJob: return one_of(kind, {K::kReserved, K::kNotFound});
    case Verb::kDelete: return one_of(kind, {K::kDeleted, K::kNotFound});
    case Verb::kRelease: return one_of(kind, {K::kReleased, K::kBuried, K::kNotFound});
    case Verb::kBury: return one_of(kind, {K::kBuried, K::kNotFound});
    case Verb::kTouch: return one_of(kind, {K::kTouched, K::kNotFound});
    case Verb::kWatch: return kind == K::kWatching;
    case Verb::kIgnore: return one_of(kind, {K::kWatching, K::kNotIgnored});
    case Verb::kPeek:
    case Verb::kPeekReady:
    case Verb::kPeekDelayed:
    case Verb::kPeekBuried: return one_of(kind, {K::kFound, K::kNotFound});
    case Verb::kKick: return kind == K::kKicked;
    case Verb::kKickJob: return one_of(kind, {K::kKicked, K::kNotFound});
    case Verb::kStatsJob:
    case Verb::kStatsTube: return one_of(kind, {K::kOk, K::kNotFound});
    case Verb::kStats:
    case Verb::kListTubes:
    case Verb::kListTubesWatched: return kind == K::kOk;
    case Verb::kPauseTube: return one_of(kind, {K::kPaused, K::kNotFound});
  }
  return false;
}

Error to_error(Verb verb, ReplyKind kind) {
  std::string text(verb_name(verb));
  text.append(": ").append(reply_name(kind)).append(": ").append(meaning(verb, kind));
  return Error(code_of(kind), std::move(text));
}

ReplyParser::Outcome ReplyParser::parse(std::string_view& input, Reply& into) {
  if (!error_.empty()) return Outcome::kBroken;
  if (!in_body_) {
    if (!take_line(input)) {
      return line_.size() >= kLineMax + 2 ? broken("a line of more than " + std::to_string(kLineMax) + " bytes")
                                     : Outcome::kNeedMore;
    }
    if (!line_.ends_with("\r\n")) return broken("a line that does not end in CR LF");
    line_.resize(line_.size() - 2);
    reply_ = {};
    const bool known = read_line();
    const Shape shape = known ? kForms[static_cast<std::size_t>(reply_.kind)].shape : Shape::kBare;
    if (!known) return broken("'" + line_ + "' is no reply of beanstalkd");
    line_.clear();
    in_body_ = shape == Shape::kIdAndBody || shape == Shape::kBody;
  }
  if (in_body_) return take_body(input, into);
  into = std::move(reply_);
  return Outcome::kWhole;
}

// True when line_ ends with a newline.
bool ReplyParser::take_line(std::string_view& input) {
  const std::size_t newline = input.find('\n');
  const std::size_t wanted = newline == input.npos ? input.size() : newline + 1;
  const std::size_t taken = std::min(wanted, kLineMax + 2 - line_.size());
  line_.append(input.substr(0, taken));
  input.remove_prefix(taken);
  return newline != input.npos && taken == wanted;
}

bool ReplyParser::read_line() {
  const std::string_view line = line_;
  const std::string_view name = line.substr(0, line.find(' '));
  const auto* const form =
      std::find_if(std::begin(kForms), std::end(kForms), [&](const Form& f) { return f.name == name; });
  if (form == std::end(kForms)) return false;
  reply_.kind = static_cast<ReplyKind>(form - std::begin(kForms));
  const std::string_view rest = line.substr(name.size());
  switch (form->shape) {
    case Shape::kBare: return rest.empty();
    case Shape::kNumber: return read_numbers(rest, 1);
    case Shape::kMaybeNumber: return rest.empty() || read_numbers(rest, 1);
    case Shape::kName: reply_.body = rest.substr(std::min<std::size_t>(1, rest.size())); return !reply_.body.empty();
    case Shape::kIdAndBody: return read_numbers(rest, 2);
    case Shape::kBody: return read_numbers(rest, 1) && (body_size_ = std::exchange(reply_.number, 0)) <= kBodyMax;
  }
  return false;
}

// " 12" or " 12 34": the first is the number of the reply, the second the size of its body.
bool ReplyParser::read_numbers(std::string_view rest, std::size_t count) {
  std::array<std::uint64_t, 2> numbers{};
  for (std::size_t i = 0; i < count; ++i) {
    if (!rest.starts_with(' ')) return false;
    rest.remove_prefix(1);
    const auto [end, failed] = std::from_chars(rest.data(), rest.data() + rest.size(), numbers[i]);
    if (failed != std::errc()) return false;
    rest.remove_prefix(static_cast<std::size_t>(end - rest.data()));
  }
  reply_.number = numbers[0];
  body_size_ = numbers[1];
  return rest.empty() && body_size_ <= kBodyMax;
}

// The body and the CR LF behind it, gathered in reply_.body.
ReplyParser::Outcome ReplyParser::take_body(std::string_view& input, Reply& into) {
  const std::size_t taken = std::min(input.size(), body_size_ + 2 - reply_.body.size());
  reply_.body.append(input.substr(0, taken));
  input.remove_prefix(taken);
  if (reply_.body.size() < body_size_ + 2) return Outcome::kNeedMore;
  if (!reply_.body.ends_with("\r\n")) return broken("a body that does not end in CR LF");
  reply_.body.resize(body_size_);
  in_body_ = false;
  into = std::move(reply_);
  return Outcome::kWhole;
}

ReplyParser::Outcome ReplyParser::broken(const std::string& why) {
  error_ = "not the protocol of beanstalkd: " + why;
  return Outcome::kBroken;
}

}  // namespace windlass::beanstalk
