#include "mux/guarded_run.hpp"

#include <cxxabi.h>

#include <cstdlib>
#include <exception>
#include <memory>
#include <typeinfo>

namespace windlass::internal {
namespace {

std::string type_name(const std::type_info& type) {
  int status = 0;
  const std::unique_ptr<char, void (*)(void*)> name(abi::__cxa_demangle(type.name(), nullptr, nullptr, &status),
                                                    std::free);
  return status == 0 ? name.get() : type.name();
}

}  // namespace

Outcome run_guarded(const Mux& mux, Context& ctx) {
  const LogScope scope(run_log_fields(ctx));
  const TraceScope trace(ctx.trace());
  try {
    return mux.run(ctx);
  } catch (...) { return outcome_of_exception(); }
}

Outcome outcome_of_exception() {
  try {
    throw;
  } catch (const SkipRetry& skip) { return skip; } catch (const RevokeTask& revoke) {
    return revoke;
  } catch (const Snooze& snooze) { return snooze; } catch (...) {
    return Outcome::fail(Failure(FailureKind::kException, describe_current_exception()));
  }
}

std::vector<LogField> run_log_fields(const Context& ctx) {
  std::vector<LogField> fields{{"task", ctx.task_id()},
                               {"queue", ctx.queue()},
                               {"type", ctx.type()},
                               {"attempt", std::to_string(ctx.retry_count() + 1)}};
  if (const auto trace = ctx.trace()) fields.push_back({"trace", format_trace_id(trace->trace_id)});
  return fields;
}

std::string describe_current_exception() {
  try {
    throw;
  } catch (const std::exception& e) { return type_name(typeid(e)) + ": " + e.what(); } catch (...) {
    const std::type_info* type = abi::__cxa_current_exception_type();
    return "an exception of type " + (type != nullptr ? type_name(*type) : std::string("unknown"));
  }
}

}  // namespace windlass::internal
