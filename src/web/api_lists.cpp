// Lists of tasks by state, and groups.
#include <utility>

#include "web/api.hpp"
#include "web/fields.hpp"
#include "web/pages.hpp"

namespace windlass::web {
namespace {

using Runs = std::map<std::pair<std::string, std::string>, WorkerInfo>;

// What the servers say about their runs: start and deadline, also of tasks that Go runs.
Result<Runs> read_runs(Site& site) {
  auto servers = site.inspector.servers();
  if (!servers) return servers.error();
  Runs runs;
  for (ServerInfo& server : *servers) {
    for (WorkerInfo& worker : server.workers) {
      std::pair<std::string, std::string> key(worker.queue, worker.task_id);
      runs.emplace(std::move(key), std::move(worker));
    }
  }
  return runs;
}

Result<http::Response> list_tasks(Site& site, Call& call, TaskState state) {
  const auto info = site.inspector.queue(call.queue());
  if (!info) return info.error();
  const auto page = read_page(site, call.request, filter_of(call.request, call.queue(), state));
  if (!page) return page.error();
  Runs runs;
  if (state == TaskState::kActive && !page->tasks.empty()) {
    auto read = read_runs(site);
    if (!read) return read.error();
    runs = *std::move(read);
  }
  const auto item = [&](const TaskInfo& task) {
    const auto run = runs.find({task.queue, task.id});
    return list_item(task, site.config.text, site.clock.now(), run == runs.end() ? nullptr : &run->second);
  };
  Fields out;
  out.add("tasks", array_of(page->tasks, item)).add("stats", queue_json(*info)).text("next", page->next);
  return json_response(out.done());
}

// As list_tasks, with the groups of the queue.
Result<http::Response> list_group(Site& site, Call& call) {
  const auto info = site.inspector.queue(call.queue());
  if (!info) return info.error();
  const auto groups = site.inspector.groups(call.queue());
  if (!groups) return groups.error();
  const std::string& group = call.request.parameter("group");
  const auto page = read_page(site, call.request, filter_of(call.request, call.queue(), TaskState::kAggregating, group));
  if (!page) return page.error();
  const auto item = [&](const TaskInfo& task) { return list_item(task, site.config.text, site.clock.now()); };
  Fields out;
  out.add("tasks", array_of(page->tasks, item)).add("stats", queue_json(*info)).add("groups", array_of(*groups, group_json));
  return json_response(out.text("next", page->next).done());
}

Result<http::Response> list_groups(Site& site, Call& call) {
  const auto info = site.inspector.queue(call.queue());
  if (!info) return info.error();
  const auto groups = site.inspector.groups(call.queue());
  if (!groups) return groups.error();
  return json_response(Fields().add("stats", queue_json(*info)).add("groups", array_of(*groups, group_json)).done());
}

}  // namespace

void add_list_routes(Api& api, Site& site) {
  for (const TaskState state : {TaskState::kActive, TaskState::kPending, TaskState::kScheduled, TaskState::kRetry, TaskState::kArchived,
                                TaskState::kCompleted}) {
    api.get("/api/queues/{queue}/" + std::string(task_state_name(state)) + "_tasks", Style::kAsynqmon,
            [&site, state](Call& call) { return list_tasks(site, call, state); });
  }
  api.get("/api/queues/{queue}/groups/{group}/aggregating_tasks", Style::kAsynqmon,
          [&site](Call& call) { return list_group(site, call); });
  api.get("/api/queues/{queue}/groups", Style::kAsynqmon, [&site](Call& call) { return list_groups(site, call); });
}

}  // namespace windlass::web
