#include "web/live.hpp"

#include <algorithm>
#include <chrono>

#include "web/fields.hpp"
#include "web/json.hpp"

namespace windlass::web {
namespace {

using http::SharedBytes;

SharedBytes event(std::string_view name, const std::string& json) {
  return std::make_shared<const std::string>(http::format_event(name, json));
}

// The store is looked at for at most a fifth of the time.
constexpr int kRestFactor = 4;
// What waits for a client that keeps up.
constexpr std::size_t kBehindBytes = 64 << 10;

std::string queues_json(const Picture& before, const Picture& now, bool full, const std::set<std::string>& only) {
  const auto wants = [&](const std::string& name) { return only.empty() || only.contains(name); };
  std::string items;
  for (const auto& [name, texts] : now.queues) {
    if (!wants(name)) continue;
    const auto old = before.queues.find(name);
    if (!full && old != before.queues.end() && old->second.first == texts.first) continue;
    items += (items.empty() ? "" : ",") + texts.second;
  }
  codec::Value::Array removed;
  for (const auto& [name, texts] : before.queues) {
    if (!full && wants(name) && !now.queues.contains(name)) removed.emplace_back(name);
  }
  if (!full && items.empty() && removed.empty()) return "";
  return std::string(R"({"full":)") + (full ? "true" : "false") + R"(,"queues":[)" + items + R"(],"removed":)" +
         codec::write_json(removed) + "}";
}

std::string broker_json(const Picture& picture) {
  return codec::write_json(Fields().add("available", picture.available).text("message", picture.message).done());
}

}  // namespace

Live::Live(const WebConfig& config, const Inspector& inspector, Access& access)
    : config_(config), inspector_(inspector), access_(access), thread_([this] { run(); }) {}

Live::~Live() { stop(); }

bool Live::join(std::shared_ptr<http::EventStream> stream, std::vector<std::string> queues, const Identity& who) {
  base::Lock lock(mu_);
  drop_gone();
  if (stopping_ || clients_.size() >= kClientsMax) return false;
  const auto interval = std::chrono::duration_cast<std::chrono::milliseconds>(config_.live_interval).count();
  const std::string hello =
      codec::write_json(Fields().text("version", config_.version).add("interval_ms", interval).done());
  stream->send(std::make_shared<const std::string>("retry: 2000\n" + http::format_event("hello", hello)));
  clients_.push_back({std::move(stream), {queues.begin(), queues.end()}, who});
  news_ = true;
  changed_.notify_all();
  return true;
}

void Live::tell_action(const AuditEntry& entry) {
  Fields out;
  out.text("user", entry.user).text("action", entry.action).text("queue", entry.queue).text("task_id", entry.task_id);
  const SharedBytes bytes = event("action", codec::write_json(out.add("count", entry.count).done()));
  base::Lock lock(mu_);
  for (const Client& client : clients_) {
    if (client.queues.empty() || client.queues.contains(entry.queue)) client.stream->send(bytes);
  }
}

void Live::stop() {
  {
    base::Lock lock(mu_);
    if (stopping_) return;
    stopping_ = true;
    for (const Client& client : clients_) {
      client.stream->send(event("session", R"({"reason":"shutdown"})"));
      client.stream->close();
    }
    changed_.notify_all();
  }
  thread_.join();
}

std::size_t Live::clients() const {
  base::Lock lock(mu_);
  return clients_.size();
}

void Live::drop_gone() {
  clients_.remove_if([&](const Client& client) {
    if (!client.stream->open()) return true;
    if (access_.valid(client.who)) return false;
    client.stream->send(event("session", R"({"reason":"expired"})"));
    client.stream->close();
    return true;
  });
}

// Empty: all.
std::set<std::string> Live::wanted() const {
  std::set<std::string> names;
  for (const Client& client : clients_) {
    if (client.queues.empty()) return {};
    names.insert(client.queues.begin(), client.queues.end());
  }
  return names;
}

void Live::run() {
  Picture before;
  base::Lock lock(mu_);
  while (!stopping_) {
    drop_gone();
    if (clients_.empty()) {
      changed_.wait(mu_);
      continue;
    }
    news_ = false;
    const std::set<std::string> names = wanted();
    lock.unlock();
    const auto began = std::chrono::steady_clock::now();
    Picture now = look(names);
    const auto took = std::chrono::steady_clock::now() - began;
    lock.lock();
    if (stopping_) break;
    tell(before, now);
    before = std::move(now);
    const auto until = std::chrono::steady_clock::now() + std::max<Duration>(config_.live_interval, kRestFactor * took);
    while (!stopping_ && !news_ && std::chrono::steady_clock::now() < until) {
      changed_.wait_for(mu_, until - std::chrono::steady_clock::now());
    }
  }
}

Picture Live::look(const std::set<std::string>& wanted) const {
  Picture picture;
  const auto fail = [&](const Error& error) {
    picture.available = false;
    picture.message = error.message();
    return picture;
  };
  const auto names = inspector_.queues();
  if (!names) return fail(names.error());
  for (const std::string& name : *names) {
    if (!wanted.empty() && !wanted.contains(name)) continue;
    auto info = inspector_.queue(name);
    if (!info && info.error().code() == ErrorCode::kQueueNotFound) continue;  // removed meanwhile
    if (!info) return fail(info.error());
    std::string sent = codec::write_json(queue_json(*info));
    info->timestamp = kNoTime;
    picture.queues[name] = {codec::write_json(queue_json(*info)), std::move(sent)};
  }
  const auto servers = inspector_.servers();
  if (!servers) return fail(servers.error());
  const auto server = [&](const ServerInfo& info) { return server_json(info, config_.text); };
  picture.servers = codec::write_json(Fields().add("servers", array_of(*servers, server)).done());
  const auto entries = inspector_.scheduler_entries();
  if (!entries) return fail(entries.error());
  const auto entry = [&](const SchedulerEntry& info) { return entry_json(info, config_.text); };
  picture.schedulers = codec::write_json(Fields().add("entries", array_of(*entries, entry)).done());
  return picture;
}

void Live::tell(const Picture& before, const Picture& now) {
  std::optional<SharedBytes> all_full, all_changes;
  const SharedBytes broker = event("broker", broker_json(now));
  const SharedBytes servers = event("servers", now.servers);
  const SharedBytes schedulers = event("schedulers", now.schedulers);
  const auto queues = [&](const Client& client, bool full) -> SharedBytes {
    std::optional<SharedBytes>& shared = full ? all_full : all_changes;
    if (client.queues.empty() && shared) return *shared;
    const std::string json = queues_json(before, now, full, client.queues);
    SharedBytes bytes = json.empty() ? nullptr : event("queues", json);
    if (client.queues.empty()) shared = bytes;
    return bytes;
  };
  for (Client& client : clients_) {
    // One that has not taken what it was sent gets nothing until it has, and then a whole picture.
    if (client.stream->backlog() > kBehindBytes) {
      client.behind = true;
      continue;
    }
    const bool full = client.behind;
    if (full ? now.available || client.told_available : client.told_available != now.available) client.stream->send(broker);
    client.told_available = now.available;
    client.behind = !now.available;
    if (!now.available) continue;
    if (const SharedBytes bytes = queues(client, full)) client.stream->send(bytes);
    if (full || before.servers != now.servers) client.stream->send(servers);
    if (full || before.schedulers != now.schedulers) client.stream->send(schedulers);
  }
}

}  // namespace windlass::web
