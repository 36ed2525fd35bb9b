// TaskRun: one task that this server holds, from the fetch until its finish is written, and the Context that its handler sees.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>

#include <windlass/context.hpp>

#include "base/mutex.hpp"
#include "broker/broker.hpp"
#include "trace/spans.hpp"

namespace windlass::runtime {

class TaskRun;

// Told when a run has something new to store. Thread-safe.
class UpdateSink {
 public:
  virtual ~UpdateSink() = default;
  virtual void changed(TaskRun& run) = 0;
};

// What a handler has reported and what is not stored yet.
struct PendingUpdate {
  std::optional<std::string> result;
  std::optional<Progress> progress;
};

// Thread-safe, except begin() and begin_span(), which come before the handler, and span(), which is for the executor. Owned by RunTable.
class TaskRun final : public Context {
 public:
  // `serial` is never used again in this process. `updates` must outlive the run.
  // `on_loop`: its handler is a coroutine.
  TaskRun(broker::FetchedTask task, std::uint64_t serial, UpdateSink& updates, bool on_loop = false);

  const std::string& task_id() const override { return message_.id; }
  const std::string& queue() const override { return message_.queue; }
  const std::string& type() const override { return message_.type; }
  const Payload& payload() const override { return message_.payload; }
  const Headers& headers() const override { return message_.headers; }
  int retry_count() const override { return message_.retried; }
  int max_retry() const override { return message_.max_retry; }
  TimePoint deadline() const override { return deadline_; }
  TimePoint scheduled_at() const override;
  TimePoint enqueued_at() const override { return message_.enqueued_at; }
  TimePoint started_at() const override { return started_at_; }
  std::stop_token stop_token() const override;
  StopReason stop_reason() const override { return reason_.load(std::memory_order_acquire); }
  void write_result(std::string bytes) override;
  void set_progress(double percent, std::string text = {}) override;

  std::uint64_t serial() const { return serial_; }
  bool on_loop() const { return on_loop_; }
  const core::TaskMessage& message() const { return message_; }
  // Earlier runs that ended with the death of their server or of their child process.
  int crashes() const { return crashes_; }
  const broker::LeaseToken& token() const { return token_; }
  broker::LeaseRef lease() const { return {{message_.queue, message_.id}, token_}; }

  // Sets what started_at() and deadline() say.
  void begin(TimePoint started_at, TimePoint deadline);
  // Its span, if it is traced: headers() carry its context from now on. Before the handler.
  void begin_span(std::unique_ptr<trace::OpenSpan> span);
  trace::OpenSpan* span() { return span_.get(); }

  // Marks the run as told to stop; the first reason stays. Returns what the caller must request_stop() on once it holds no
  // lock (callbacks of the handler run there); nothing if nobody asked for a token yet, or if it was told before.
  // `steady` is the time of Clock::steady(), for told_at().
  [[nodiscard]] std::optional<std::stop_source> tell_to_stop(StopReason reason, Duration steady, bool for_good = false);
  // Steady time at which it was told to stop. REQUIRES: stop_reason() != kNone.
  Duration told_at() const { return Duration(told_at_.load(std::memory_order_relaxed)); }
  bool for_good() const { return for_good_.load(std::memory_order_relaxed); }
  // The task is not this server's any more (its lease is lost, or it was given back while its handler ran): nothing may be
  // written for it.
  void disown() { disowned_.store(true, std::memory_order_relaxed); }
  bool disowned() const { return disowned_.load(std::memory_order_relaxed); }

  // Takes what is to be stored; the sink is told of what comes later.
  PendingUpdate take_update();
  // Puts back what could not be stored yet, unless there is something newer. The caller knows that there is an update then:
  // the sink is not told.
  void put_back(PendingUpdate update);
  bool has_update() const;

  // Confined to the finisher's thread.
  Duration progress_written_at{};
  bool finishing = false;

 private:
  friend class RunTable;

  template <class Change>
  void update(Change change);

  core::TaskMessage message_;  // constant while the handler runs
  const broker::LeaseToken token_;
  const std::uint64_t serial_;
  const int crashes_;
  const bool on_loop_;
  UpdateSink& updates_;
  std::unique_ptr<trace::OpenSpan> span_;
  TimePoint started_at_;
  TimePoint deadline_;

  std::atomic<StopReason> reason_ = StopReason::kNone;
  std::atomic<Duration::rep> told_at_ = 0;
  std::atomic<bool> for_good_ = false;
  std::atomic<bool> disowned_ = false;

  mutable base::Mutex mu_;
  // Made when somebody asks for the token: most handlers never do.
  mutable std::stop_source source_ WINDLASS_GUARDED_BY(mu_){std::nostopstate};
  PendingUpdate update_ WINDLASS_GUARDED_BY(mu_);
  bool sink_knows_ WINDLASS_GUARDED_BY(mu_) = false;

  // Of RunTable, guarded by its mutex.
  TaskRun* previous_ = nullptr;
  TaskRun* next_ = nullptr;
  Duration leased_until_{};
};

}  // namespace windlass::runtime
