#include "beanstalk/commands.hpp"

#include <charconv>
#include <iterator>

namespace windlass::beanstalk {

std::string_view verb_name(Verb verb) {
  static constexpr std::string_view kNames[] = {"put",
                                                "use",
                                                "reserve",
                                                "reserve-with-timeout",
                                                "reserve-job",
                                                "delete",
                                                "release",
                                                "bury",
                                                "touch",
                                                "watch",
                                                "ignore",
                                                "peek",
                                                "peek-ready",
                                                "peek-delayed",
                                                "peek-buried",
                                                "kick",
                                                "kick-job",
                                                "stats-job",
                                                "stats-tube",
                                                "stats",
                                                "list-tubes",
                                                "list-tube-used",
                                                "list-tubes-watched",
                                                "pause-tube"};
  static_assert(std::size(kNames) == static_cast<std::size_t>(Verb::kPauseTube) + 1);
  return kNames[static_cast<std::size_t>(verb)];
}

Commands& Commands::put(const PutArgs& args, std::string_view body) {
  add(Verb::kPut, args.priority, args.delay_seconds, args.ttr_seconds, body.size());
  bytes_ += body;
  bytes_ += "\r\n";
  return *this;
}

void Commands::begin(Verb verb) {
  verbs_.push_back(verb);
  bytes_ += verb_name(verb);
}

void Commands::argument(std::string_view text) {
  bytes_ += ' ';
  bytes_ += text;
}

void Commands::argument(std::uint64_t number) {
  char digits[20];
  const auto end = std::to_chars(std::begin(digits), std::end(digits), number).ptr;
  argument(std::string_view(digits, static_cast<std::size_t>(end - digits)));
}

void Commands::clear() {
  bytes_.clear();
  verbs_.clear();
}

}  // namespace windlass::beanstalk
