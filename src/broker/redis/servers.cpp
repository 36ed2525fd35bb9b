// Servers: signs of life, and what the inspector shows of them.
#include <algorithm>
#include <tuple>

#include "broker/redis/operations.hpp"
#include "broker/redis/record_list.hpp"
#include "broker/redis/records.hpp"

namespace windlass::broker {
namespace {

constexpr auto kOwnersKept = std::chrono::hours(24);

void add_owner(redis::Pipeline& pipeline, const std::string& owner) {
  register_record(pipeline, kOwnersKey, owner, Duration::zero(), kOwnersKept);
}

void read_task_hash(redis::Pipeline& pipeline, const std::string& queue, const std::string& id,
                    std::initializer_list<std::string_view> fields) {
  pipeline.begin("HMGET", 1 + fields.size()).key(task_key(queue, id));
  for (const std::string_view field : fields) pipeline.arg(field);
  pipeline.idempotent();
}

// Those of the running tasks that the server still holds.
Result<std::vector<WorkerInfo>> read_running(Store& store, std::span<const RunningTask> running) {
  redis::Pipeline pipeline;
  for (const RunningTask& task : running) {
    read_task_hash(pipeline, task.lease.task.queue, task.lease.task.id, {"state", "w:run", "msg"});
  }
  const Result<redis::Replies> replies = store.read(pipeline);
  if (!replies) return replies.error();
  std::vector<WorkerInfo> workers;
  for (std::size_t i = 0; i < running.size(); ++i) {
    const redis::Value hash = (*replies)[i];
    if (hash.is_error()) continue;
    const std::optional<Run> run = parse_run(hash[1].text());
    if (hash[0].text() != "active" || !run || run->nonce != nonce_text(running[i].lease.token.attempt)) continue;
    Result<core::TaskMessage> message = core::decode_message(hash[2].text());
    if (!message) continue;
    const TaskRef& task = running[i].lease.task;
    workers.push_back({task.id, std::move(message->type), task.queue, std::move(message->payload),
                       running[i].started_at, running[i].deadline, running[i].overrun, std::nullopt});
  }
  return workers;
}

// A worker, and the server that published it.
struct Shown {
  std::size_t server = 0;
  WorkerInfo worker;
};

// Gives the servers those workers whose tasks are still active, with the progress of their present runs.
Status add_workers(Store& store, std::vector<ServerInfo>& servers, std::vector<Shown>& shown) {
  redis::Pipeline pipeline;
  for (const Shown& item : shown) {
    read_task_hash(pipeline, item.worker.queue, item.worker.task_id, {"state", "w:run", "w:progress"});
  }
  const Result<redis::Replies> replies = store.read(pipeline);
  if (!replies) return replies.error();
  for (std::size_t i = 0; i < shown.size(); ++i) {
    const redis::Value hash = (*replies)[i];
    if (hash.is_error() || hash[0].text() != "active") continue;
    ServerInfo& server = servers[shown[i].server];
    const std::optional<Run> run = parse_run(hash[1].text());
    if (run && run->owner == server.id) shown[i].worker.progress = decode_progress(hash[2].text(), run->nonce);
    server.workers.push_back(std::move(shown[i].worker));
  }
  return {};
}

}  // namespace

Status keep_owner_alive(Store& store, const std::string& owner, Duration ttl) {
  redis::Pipeline pipeline;
  // The sign of life first: an owner that is listed and shows none is dead.
  publish_record(pipeline, alive_key(owner), ttl, "string", {"1"});
  add_owner(pipeline, owner);
  const Result<redis::Replies> replies = store.call(pipeline);
  return replies ? Status() : replies.error();
}

Status publish_server(Store& store, const ServerRecord& record, Duration ttl) {
  const Result<std::vector<WorkerInfo>> workers = read_running(store, record.running);
  if (!workers) return workers.error();
  std::vector<std::string> fields;
  for (const WorkerInfo& worker : *workers) {
    fields.push_back(worker.task_id);
    fields.push_back(encode_worker(record.info, worker));
  }
  const std::string server = server_key(record.info.id), running = workers_key(record.info.id);
  redis::Pipeline pipeline;
  publish_record(pipeline, server, ttl, "string", {encode_server(record.info, workers->size())});
  publish_record(pipeline, running, ttl, "hash", fields);
  register_record(pipeline, kServersKey, server, ttl, kRecordsListed);
  register_record(pipeline, kWorkersKey, running, ttl, kRecordsListed);
  const Result<redis::Replies> replies = store.call(pipeline);
  return replies ? Status() : replies.error();
}

Status clear_server(Store& store, const std::string& owner) {
  const std::string server = server_key(owner), workers = workers_key(owner);
  redis::Pipeline pipeline;
  pipeline.add("DEL", redis::Key{alive_key(owner)}).idempotent();
  add_owner(pipeline, owner);
  remove_record(pipeline, kServersKey, server);
  remove_record(pipeline, kWorkersKey, workers);
  const Result<redis::Replies> replies = store.call(pipeline);
  return replies ? Status() : replies.error();
}

Result<std::vector<ServerInfo>> read_servers(Store& store) {
  const Result<std::vector<std::string>> ids = read_record_ids(store, kServersKey);
  if (!ids) return ids.error();
  redis::Pipeline pipeline;
  for (const std::string& id : *ids) {
    pipeline.add("GET", redis::Key{server_key(id)}).idempotent();
    pipeline.add("HVALS", redis::Key{workers_key(id)}).idempotent();
  }
  const Result<redis::Replies> replies = store.read(pipeline);
  if (!replies) return replies.error();

  std::vector<ServerInfo> servers;
  std::vector<Shown> shown;
  for (std::size_t i = 0; i < ids->size(); ++i) {
    const redis::Value record = (*replies)[2 * i];
    if (record.is_null() || record.is_error()) continue;
    Result<ServerInfo> server = decode_server(record.text());
    if (!server) continue;
    server->id = (*ids)[i];
    for (const redis::Value bytes : (*replies)[2 * i + 1]) {
      Result<WorkerInfo> worker = decode_worker(bytes.text());
      if (worker) shown.push_back({servers.size(), std::move(*worker)});
    }
    servers.push_back(std::move(*server));
  }
  if (const Status added = add_workers(store, servers, shown); !added) return added.error();
  std::ranges::sort(servers, {}, [](const ServerInfo& server) { return std::tie(server.started_at, server.id); });
  return servers;
}

}  // namespace windlass::broker
