#include <algorithm>

#include "dash/render.hpp"
#include "output.hpp"
#include "task_fields.hpp"

namespace windlass::app::dash {
namespace {

constexpr std::size_t kTextMax = 200;

std::string queues_text(const ServerInfo& server) {
  std::string text;
  for (const auto& [name, weight] : server.queues)
    text += (text.empty() ? "" : " ") + name + ":" + std::to_string(weight);
  return text + (server.strict_priority ? " strict" : "");
}

}  // namespace

// Each server, and below it what its workers run.
void draw_servers(Grid& grid, const Model& model, int y, int end) {
  const std::vector<ServerInfo>& servers = model.data().servers;
  std::size_t running = 0, slots = 0;
  TableText table{{{" SERVER", false, 12},
                   {"STATE"},
                   {"RUNNING", true},
                   {"STARTED", true},
                   {"QUEUES", false, 12},
                   {"PROGRESS", false, 6, 1}},
                  {}};
  for (const ServerInfo& server : servers) {
    running += server.workers.size();
    slots += static_cast<std::size_t>(std::max(server.concurrency, 0));
    table.rows.push_back({" " + server.host + ":" + std::to_string(server.pid), server.status,
                          std::to_string(server.workers.size()) + "/" + std::to_string(server.concurrency),
                          relative_time(server.started_at), queues_text(server), ""});
    for (const WorkerInfo& worker : server.workers) {
      table.rows.push_back({"   " + worker.task_id, worker.overrun ? "overrun" : "runs", "",
                            relative_time(worker.started_at),
                            worker.queue + " " + worker.task_type + " " + shortened_payload(worker.payload, kTextMax),
                            progress_text(worker.progress)});
    }
  }
  grid.put(1, y++,
           std::to_string(servers.size()) + (servers.size() == 1 ? " server  " : " servers  ") +
               std::to_string(running) + " of " + std::to_string(slots) + " workers run");
  if (servers.empty())
    grid.put(1, y + 1, "no server lives", Style::kDim);
  else
    draw_table(grid, table, y + 1, end, model.selected());
}

void draw_schedulers(Grid& grid, const Model& model, int y, int end) {
  const std::vector<SchedulerEntry>& entries = model.data().entries;
  grid.put(1, y++,
           std::to_string(entries.size()) +
               (entries.size() == 1 ? " entry of schedulers that live" : " entries of schedulers that live"));
  if (entries.empty()) {
    grid.put(1, y + 1, "no scheduler lives", Style::kDim);
    return;
  }
  TableText table{{{" ENTRY", false, 9},
                   {"SPEC", false, 9},
                   {"TYPE", false, 8},
                   {"NEXT", true},
                   {"PREVIOUS", true},
                   {"OPTIONS", false, 8, 2},
                   {"PAYLOAD", false, 8, 1}},
                  {}};
  for (const SchedulerEntry& entry : entries) {
    // The record may be some seconds old.
    const TimePoint next_at = entry.next_at == kNoTime ? kNoTime : std::max(entry.next_at, now());
    std::string options;
    for (const std::string& option : entry.options) options += (options.empty() ? "" : ", ") + option;
    table.rows.push_back({" " + entry.id, entry.spec, entry.task_type, relative_time(next_at),
                          relative_time(entry.prev_at), options, shortened_payload(entry.payload, kTextMax)});
  }
  draw_table(grid, table, y + 1, end, model.selected());
}

}  // namespace windlass::app::dash
