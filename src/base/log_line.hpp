// One log record as one line, without the newline at its end.
//
// Text: "2026-11-21T07:00:00.123456Z info  resized task=018f queue=default note=\"two words\"". Whatever message and
// fields hold, the line stays one line: control characters are escaped. JSON: one object, the fields beside time, level
// and message.
//
// Where a key comes more than once, the last one counts: the call's over the context's, an inner scope's over an
// outer's.
#pragma once

#include <string>

#include <windlass/log.hpp>

namespace windlass::base {

std::string format_log_text(const LogRecord& record);
std::string format_log_json(const LogRecord& record);

}  // namespace windlass::base
