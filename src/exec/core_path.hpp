// Where the kernel has put a core dump.
#pragma once

#include <sys/types.h>

#include <string>
#include <string_view>

namespace windlass::exec {

// What /proc/sys/kernel/core_pattern makes of a process of this number, if it stands in a plain file. A pattern that
// hands dumps to a program ("|...") gives "by" and the program. "" for specifiers that are not known here. `uses_pid`
// is core_uses_pid.
std::string expand_core_pattern(std::string_view pattern, bool uses_pid, pid_t pid);

// The same with this machine's pattern. A path that is not absolute is one below the working folder of the process.
std::string core_path(pid_t pid);

}  // namespace windlass::exec
