// PeriodicTaskManager runs a scheduler whose entries come from somewhere else: a function, a file, a database, a web service.
//
//   windlass::PeriodicTaskManager manager(broker, windlass::file_provider("/etc/app/schedule.toml"));
//   return manager.run() ? 0 : 1;          // until SIGTERM or SIGINT; or server.attach(manager)
//
// What the provider says is compared with what runs, now and then: entries that are unchanged are left alone (an interval keeps
// its phase, a retry goes on), the others are added, replaced or removed. If the provider fails, everything stays as it is.
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include <windlass/broker.hpp>
#include <windlass/error.hpp>
#include <windlass/scheduler.hpp>
#include <windlass/service.hpp>
#include <windlass/task.hpp>

namespace windlass {

// One entry, as given to Scheduler::add. Thread-compatible value.
struct PeriodicTaskConfig {
  std::string spec;
  Task task;
  EntryOptions options;

  PeriodicTaskConfig(std::string cron, Task t, EntryOptions o = {})
      : spec(std::move(cron)), task(std::move(t)), options(std::move(o)) {}
};
// All entries that there should be.
using PeriodicTaskConfigs = std::vector<PeriodicTaskConfig>;

// Says which entries there should be. Called by one thread at a time.
class PeriodicTaskConfigProvider {
 public:
  virtual ~PeriodicTaskConfigProvider() = default;
  // All of them. May block (ticks go on meanwhile), best not much longer than until `stop` is requested. An error, also a thrown
  // one, leaves everything as it is.
  virtual Result<PeriodicTaskConfigs> configs(std::stop_token stop) = 0;
  // Asked about every second, so it should be cheap: true = call configs() at once instead of at the next interval.
  virtual bool changed() { return false; }
};
// Shared by a manager and the program that made it.
using ProviderPtr = std::shared_ptr<PeriodicTaskConfigProvider>;

// What `function` returns. Called every sync_interval; what it throws is an error, which leaves everything as it is.
ProviderPtr function_provider(std::function<Result<PeriodicTaskConfigs>()> function);

// A file in TOML, YAML or JSON, told apart by its extension (.toml; .yaml, .yml; .json). Read again within two seconds of a change,
// once it has stood still for one. docs/guide/periodic-tasks.md has the keys.
ProviderPtr file_provider(std::string path);

// The rows of a query on an SQLite database, opened for reading. Columns have the names of the keys of a file. Run again within a
// second of a change of the database.
ProviderPtr sqlite_provider(std::string path, std::string query);

// How http_provider asks. Thread-compatible value.
struct HttpProviderOptions {
  HttpProviderOptions() {}  // NOLINT(modernize-use-equals-default): g++ 12 destroys aggregates twice around co_await

  std::map<std::string, std::string> headers;             // sent along: Authorization, say
  Duration timeout = std::chrono::seconds(10);            // of the whole request
  std::size_t body_max = std::size_t{16} << 20;           // bytes
  std::string ca_file;                                    // https: certificates to trust. Default: those of the system
};
// JSON from an http:// or https:// URL, asked for with If-None-Match and If-Modified-Since. Redirects are not followed.
ProviderPtr http_provider(std::string url, HttpProviderOptions options = {});

// What one sync did.
struct SyncReport {
  std::vector<std::string> added, changed, removed;  // ids
  std::size_t kept = 0;
  // Of the provider, or of single entries, which were passed over. An entry of the same name that runs stays.
  std::vector<Error> errors;

  SyncReport() {}  // NOLINT(modernize-use-equals-default)
};

// How a PeriodicTaskManager runs. Thread-compatible value.
struct PeriodicTaskManagerConfig {
  PeriodicTaskManagerConfig() {}  // NOLINT(modernize-use-equals-default)

  SchedulerConfig scheduler;
  // At least 100 ms.
  Duration sync_interval = std::chrono::minutes(3);
  // Called after every sync, by the thread that syncs. What it throws is logged.
  std::function<void(const SyncReport& report)> on_sync;
};

// Thread-safe. States: new -> running -> closed.
class PeriodicTaskManager final : public Service {
 public:
  // Does nothing until it is started.
  PeriodicTaskManager(BrokerPtr broker, ProviderPtr provider, PeriodicTaskManagerConfig config = {});
  ~PeriodicTaskManager() override;  // as stop()
  PeriodicTaskManager(const PeriodicTaskManager&) = delete;
  PeriodicTaskManager& operator=(const PeriodicTaskManager&) = delete;

  // Syncs once, then begins. Errors: that of the provider; kInvalidArgument for an entry that is wrong (all of them are named)
  // or a sync interval that is too short; kFailedPrecondition (started or stopped before).
  Status start() override;
  // Waits for a provider that is being asked.
  void stop() override;
  // start, then waits for SIGTERM or SIGINT, then stop. Also returns after stop() from another thread.
  Status run();

  // The entries that run, by id.
  std::vector<SchedulerEntry> entries() const;
  // Reaches the store and comes back. Errors: kUnavailable.
  Status ping();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace windlass
