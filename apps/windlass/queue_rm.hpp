// windlass queue rm (as session.hpp has the others).
#pragma once

#include "session.hpp"

namespace windlass::app {

void add_queue_rm(CLI::App& queue, Session& session);

}  // namespace windlass::app
