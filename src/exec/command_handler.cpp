#include "exec/command_handler.hpp"

#include <array>
#include <condition_variable>
#include <csignal>
#include <memory>
#include <mutex>
#include <string_view>
#include <utility>

#include <windlass/log.hpp>

#include "base/clock.hpp"
#include "core/text.hpp"
#include "exec/command.hpp"
#include "exec/escalation.hpp"
#include "exec/signals.hpp"
#include "exec/start_retries.hpp"
#include "mux/mux_access.hpp"

namespace windlass::exec {
namespace {

using End = CommandResult::End;

// Arguments and environment are C strings: a zero byte in an id or header would cut them short unseen.
std::string without_zero(std::string text) {
  for (std::size_t at = text.find('\0'); at != text.npos; at = text.find('\0', at)) text.replace(at, 1, "\xEF\xBF\xBD");
  return text;
}

// One pass, so that a value that holds "{queue}" is not looked at again.
std::string expand(const std::string& word, const Context& ctx) {
  const std::array<std::pair<std::string_view, const std::string*>, 3> names{
      {{"{id}", &ctx.task_id()}, {"{type}", &ctx.type()}, {"{queue}", &ctx.queue()}}};
  std::string out;
  for (std::size_t at = 0; at < word.size();) {
    std::size_t step = 0;
    for (const auto& [name, value] : names) {
      if (std::string_view(word).substr(at, name.size()) != name) continue;
      out += *value;
      step = name.size();
    }
    if (step == 0) out += word[at++];
    at += step;
  }
  return without_zero(std::move(out));
}

std::string header_variable(std::string_view key) {
  std::string name = "WINDLASS_HEADER_";
  for (const char c : key) {
    if (c >= 'a' && c <= 'z') name += static_cast<char>(c - 'a' + 'A');
    else name += (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ? c : '_';
  }
  return name;
}

std::vector<std::string> task_environment(const Context& ctx) {
  std::vector<std::string> out;
  const auto set = [&](const std::string& name, const std::string& value) { out.push_back(without_zero(name + "=" + value)); };
  const auto set_time = [&](const std::string& name, TimePoint t) {
    if (t != kNoTime) set(name, core::format_time(t));
  };
  set("WINDLASS_TASK_ID", ctx.task_id());
  set("WINDLASS_QUEUE", ctx.queue());
  set("WINDLASS_TYPE", ctx.type());
  set("WINDLASS_RETRY_COUNT", std::to_string(ctx.retry_count()));
  set("WINDLASS_MAX_RETRY", std::to_string(ctx.max_retry()));
  set_time("WINDLASS_DEADLINE", ctx.deadline());
  set_time("WINDLASS_SCHEDULED_AT", ctx.scheduled_at());
  set_time("WINDLASS_ENQUEUED_AT", ctx.enqueued_at());
  for (const auto& [key, value] : ctx.headers()) set(header_variable(key), value);
  // Under the names that programs which know traces look for, as the OpenTelemetry SDKs do.
  if (const auto trace = ctx.trace()) {
    set("TRACEPARENT", format_traceparent(*trace));
    if (!trace->state.empty()) set("TRACESTATE", trace->state);
  }
  return out;
}

std::string last_line(std::string_view text) {
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.remove_suffix(1);
  const auto newline = text.rfind('\n');
  return std::string(newline == text.npos ? text : text.substr(newline + 1));
}

Failure make_failure(FailureKind kind, std::string message, const CommandResult& result) {
  if (const std::string said = last_line(result.error_tail); !said.empty()) message += ": " + said;
  Failure failure(kind, core::to_valid_utf8(message));
  failure.detail = core::to_valid_utf8(result.error_tail);
  return failure;
}

// The limit itself leaves no trace: a program that gets no more memory ends as it likes.
bool ended_for_memory(const CommandHandlerSpec& spec, const CommandResult& result) {
  if (spec.limits.memory_max == 0) return false;
  if (result.peak_memory >= spec.limits.memory_max / 4 * 3) return true;
  for (const char* words : {"annot allocate memory", "ut of memory", "emory exhausted", "MemoryError", "bad_alloc"}) {
    if (result.error_tail.find(words) != std::string::npos) return true;
  }
  return false;
}

Failure with_memory_kind(Failure failure, const CommandHandlerSpec& spec, const CommandResult& result) {
  if (!ended_for_memory(spec, result)) return failure;
  failure.kind = FailureKind::kMemory;
  failure.message = "went over its limit of " + std::to_string(spec.limits.memory_max) + " bytes of memory: " + failure.message;
  return failure;
}

Outcome exited(const CommandHandlerSpec& spec, const CommandResult& result, Context& ctx) {
  if (result.exit_code == 0) {
    if (!result.output.empty()) ctx.write_result(result.output);
    return Outcome::done();
  }
  Failure failure =
      make_failure(FailureKind::kExitCode, "command exited with code " + std::to_string(result.exit_code), result);
  failure.exit_code = result.exit_code;
  if (result.exit_code != kExitSkipRetry) failure = with_memory_kind(std::move(failure), spec, result);
  return result.exit_code == kExitSkipRetry ? Outcome::skip_retry(std::move(failure)) : Outcome::fail(std::move(failure));
}

Outcome signalled(const CommandHandlerSpec& spec, const CommandResult& result) {
  std::string core = result.core_dumped ? " (core dumped" : "";
  if (!result.core.empty()) core += ": " + result.core;
  if (!core.empty()) core += ")";
  Failure failure = make_failure(FailureKind::kSignal, "command was ended by " + signal_name(result.signal) + core, result);
  failure.signal = result.signal;
  return Outcome::fail(with_memory_kind(std::move(failure), spec, result));
}

// How it ended once it was told to.
std::string end_of_stopped(const CommandResult& result) {
  return result.killed ? "killed, as it did not end on SIGTERM" : "stopped with SIGTERM";
}

FailureKind stop_kind(StopReason reason) {
  switch (reason) {
    case StopReason::kTimeout: return FailureKind::kTimeout;
    case StopReason::kDeadline: return FailureKind::kDeadline;
    case StopReason::kCancelled: return FailureKind::kCancelled;
    default: return FailureKind::kError;
  }
}

Outcome conclude(const CommandHandlerSpec& spec, const CommandResult& result, Context& ctx) {
  switch (result.end) {
    case End::kExited: return exited(spec, result, ctx);
    case End::kSignalled: return signalled(spec, result);
    // Why it was stopped, the runtime puts in front.
    case End::kStopped: return Outcome::fail(make_failure(stop_kind(ctx.stop_reason()), "command was " + end_of_stopped(result), result));
    case End::kTimedOut:
      return Outcome::fail(make_failure(FailureKind::kTimeout, "command took longer than " + core::format_duration(spec.timeout) +
                                                                   ": " + end_of_stopped(result), result));
    case End::kOutputTooLong:
      return Outcome::fail(make_failure(FailureKind::kError, "command wrote more than the " + std::to_string(spec.result_max) +
                                                                 " bytes that a result may have, and was stopped", result));
    case End::kNotStarted: break;
  }
  return Outcome::fail(make_failure(FailureKind::kError, result.error, result));
}

void log_done(Duration took) {
  using std::chrono::milliseconds;
  log_info("task done", {{"took", core::format_duration(std::chrono::floor<milliseconds>(took))}});
}

// Who asks a process to end from elsewhere, as a service manager does, is not the task's fault.
bool is_crash(const CommandResult& result) {
  return result.end == End::kSignalled && result.signal != SIGTERM && result.signal != SIGINT && result.signal != SIGHUP;
}

ChildLoss loss_of(const CommandResult& result) {
  if (result.may_start_later) return ChildLoss::kNotStarted;
  return is_crash(result) ? ChildLoss::kByThisRun : ChildLoss::kNone;
}

CommandSpec command_of(const CommandHandlerSpec& spec, Context& ctx, std::stop_token hurry) {
  CommandSpec command;
  for (const std::string& word : spec.argv) command.argv.push_back(expand(word, ctx));
  command.input = ctx.payload().bytes();
  command.environment = task_environment(ctx);
  command.timeout = spec.timeout;
  command.grace = spec.grace;
  command.stop_is_urgent = [&ctx] { return is_urgent(ctx.stop_reason()); };
  command.hurry = std::move(hurry);
  command.output_max = spec.result_max;
  command.guard = spec.guard;
  command.limits = spec.limits;
  command.on_error_line = [](std::string_view line) { log_info(line, {{"stream", "stderr"}}); };
  return command;
}

// False if the token was set meanwhile.
bool sleep_for(Duration length, std::stop_token stop) {
  std::mutex mu;
  std::unique_lock lock(mu);
  std::condition_variable_any().wait_for(lock, stop, length, [] { return false; });
  return !stop.stop_requested();
}

// As run_command(), but a start that may go well later is tried again for a while.
CommandResult run_patiently(const CommandSpec& command, std::stop_token stop) {
  const Duration until = base::real_clock().steady() + StartRetries::kPatience;
  StartRetries retries;
  for (bool first = true;; first = false) {
    CommandResult result = run_command(command, stop);
    if (!result.may_start_later || base::real_clock().steady() >= until) return result;
    if (first) log_warn("cannot start a command, and goes on trying", {{"error", result.error}});
    if (!sleep_for(retries.failed(), stop)) return result;
  }
}

}  // namespace

RunReport CommandExecutor::run(Context& ctx) {
  std::stop_source stop;
  const auto tell = [&stop] { stop.request_stop(); };
  const std::stop_callback on_stop(ctx.stop_token(), tell), on_close(close_.get_token(), tell);
  if (close_.stop_requested()) return {Outcome::fail("the server stops")};
  const Duration start = base::real_clock().steady();
  const CommandResult result = run_patiently(command_of(spec_, ctx, hurry_.get_token()), stop.get_token());
  Outcome outcome = conclude(spec_, result, ctx);
  // Who sits in front of a worker sees that it works; failures the runtime tells.
  if (outcome.kind() == Outcome::Kind::kDone) log_done(base::real_clock().steady() - start);
  return {std::move(outcome), loss_of(result)};
}

void CommandExecutor::close() {
  close_.request_stop();
  hurry_.request_stop();
}

void handle_command(Mux& mux, std::string pattern, CommandHandlerSpec spec) {
  Handler handler = command_handler(spec);
  windlass::internal::MuxAccess::handle(mux, std::move(pattern), std::move(handler),
                                        [spec = std::move(spec)] { return std::make_shared<CommandExecutor>(spec); });
}

Handler command_handler(CommandHandlerSpec spec) {
  return [executor = std::make_shared<CommandExecutor>(std::move(spec))](Context& ctx) { return executor->run(ctx).outcome; };
}

}  // namespace windlass::exec
