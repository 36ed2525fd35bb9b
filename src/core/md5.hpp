// MD5 as a name for bytes: of unique keys (as Asynq has them) and of messages of dq. No protection against anybody.
#pragma once

#include <string>
#include <string_view>

namespace windlass::core {

// Lower-case hex, 32 characters.
std::string md5_hex(std::string_view bytes);

}  // namespace windlass::core
