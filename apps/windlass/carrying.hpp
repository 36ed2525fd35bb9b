// Commands that carry tasks elsewhere (as session.hpp has the others).
#pragma once

#include "session.hpp"

namespace windlass::app {

void add_queue_move(CLI::App& queue, Session& session);
void add_migrate(CLI::App& app, Session& session);

}  // namespace windlass::app
