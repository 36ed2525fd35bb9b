// From a command line as people write it to an argument vector, and the 'pattern=command' of `work --exec`.
//
// The words are split as a shell splits them: blanks separate, '...' is literal, "..." is literal but for \" and \\, and a
// backslash outside quotes makes the next character literal. It is no shell: $, *, |, >, ; and ` are characters like any
// other. Who wants a shell writes sh -c "...".
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <windlass/error.hpp>

namespace windlass::exec {

// Errors: kInvalidArgument (no word at all, a quote that is not closed, a backslash at the end, a zero byte), with the place.
Result<std::vector<std::string>> split_command(std::string_view text);

struct ExecRule {
  std::string pattern;             // of task types, see windlass::Mux
  std::vector<std::string> argv;   // at least one word
};

// "pattern=command ..."; the first '=' separates. Errors: kInvalidArgument, naming the rule.
Result<ExecRule> parse_exec_rule(std::string_view text);

}  // namespace windlass::exec
