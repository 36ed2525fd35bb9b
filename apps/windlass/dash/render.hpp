// Drawing the model. Pure: the same model, size and time give the same grid.
#pragma once

#include "dash/grid.hpp"
#include "dash/model.hpp"

namespace windlass::app::dash {

Grid render(const Model& model, int width, int height);

// The parts of a screen, each from line `y` to before line `end`.
void draw_queues(Grid& grid, const Model& model, int y, int end);
void draw_tasks(Grid& grid, const Model& model, int y, int end);
void draw_task(Grid& grid, const Model& model, int y, int end);
void draw_servers(Grid& grid, const Model& model, int y, int end);
void draw_schedulers(Grid& grid, const Model& model, int y, int end);
void draw_help(Grid& grid, const Model& model, int y, int end);

// How the tasks of a queue are spread over the states, as a bar of so many columns.
int draw_state_bar(Grid& grid, int x, int y, const QueueInfo& queue, int width);
Style style_of(TaskState state);
// "7 %"; "-" for nothing processed.
std::string error_rate(const QueueInfo& queue);

}  // namespace windlass::app::dash
