// Names of signals, for messages and JSON.
#pragma once

#include <string>

namespace windlass::exec {

// "SIGSEGV", "SIGRTMIN+3"; "signal 99" where there is no name.
std::string signal_name(int signal);

}  // namespace windlass::exec
