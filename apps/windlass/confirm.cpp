#include "confirm.hpp"

#include <unistd.h>

#include <iostream>

#include "output.hpp"

namespace windlass::app {

Result<bool> confirmed(const std::string& question, bool yes) {
  if (yes) return true;
  const std::string text = printable(question);
  if (!::isatty(STDIN_FILENO) || !::isatty(STDERR_FILENO)) {
    return Error(ErrorCode::kInvalidArgument, text +
                                                  " There is no terminal to ask at: add --yes to do it, or --dry-run "
                                                  "to see what would be done. Nothing was done");
  }
  std::cerr << text << " [y/N] " << std::flush;
  std::string answer;
  std::getline(std::cin, answer);
  if (answer == "y" || answer == "Y" || answer == "yes") return true;
  std::cerr << "windlass: nothing done\n";
  return false;
}

}  // namespace windlass::app
