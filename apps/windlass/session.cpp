#include "session.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <thread>

#include <windlass/log.hpp>

#include "home.hpp"
#include "output.hpp"

namespace windlass::app {
namespace {

Status make_private_folder(const std::string& path) {
  std::error_code failed;
  std::filesystem::create_directories(std::filesystem::path(path).parent_path(), failed);
  if (!failed && (::mkdir(path.c_str(), 0700) == 0 || errno == EEXIST)) return {};
  const std::string why = failed ? failed.message() : std::strerror(errno);
  return Error(ErrorCode::kUnavailable, "cannot create the folder " + path + ": " + why + "; give --broker sqlite:FILE");
}

// Between attempts to reach a broker.
constexpr Duration kFirstPause = std::chrono::milliseconds(50);
constexpr Duration kLongestPause = std::chrono::seconds(1);

}  // namespace

const std::vector<ExitCode>& exit_codes() {
  static const std::vector<ExitCode> codes{{kOk, "done"},
                                           {kFailed, "failed, and none of the below"},
                                           {kUsage, "the command line, or a value in it, is wrong"},
                                           {kNotFound, "no such task or queue"},
                                           {kConflict, "duplicate, id taken, or not possible in this state"},
                                           {kUnavailable, "the broker cannot be reached or opened, or what it holds cannot be read"},
                                           {kNotInTime, "not done in time"}};
  return codes;
}

int exit_code_of(ErrorCode code) {
  switch (code) {
    case ErrorCode::kInvalidArgument: return kUsage;
    case ErrorCode::kTaskNotFound:
    case ErrorCode::kQueueNotFound: return kNotFound;
    case ErrorCode::kDuplicateTask:
    case ErrorCode::kTaskIdConflict:
    case ErrorCode::kQueueNotEmpty:
    case ErrorCode::kFailedPrecondition:
    case ErrorCode::kTickTaken: return kConflict;
    case ErrorCode::kUnavailable:
    case ErrorCode::kUnknownOutcome:
    case ErrorCode::kPermissionDenied:
    case ErrorCode::kCorrupt:
    case ErrorCode::kUnsupported: return kUnavailable;
    default: return kFailed;
  }
}

Result<std::string> Session::url() const {
  if (!broker_url.empty()) return broker_url;
  Result<std::string> folder = state_folder();
  if (!folder) return Error(folder.error().code(), folder.error().message() + " to keep tasks in: give --broker sqlite:FILE");
  if (Status made = make_private_folder(*folder); !made) return made.error();
  return "sqlite:" + *folder + "/windlass.db";
}

Result<BrokerPtr> Session::open() const {
  const Result<std::string> where = url();
  if (!where) return where.error();
  std::string said;
  for (Duration pause = kFirstPause;; pause = std::min(2 * pause, kLongestPause)) {
    Result<BrokerPtr> broker = open_broker(*where);
    if (broker || !wait || broker.error().code() != ErrorCode::kUnavailable) return broker;
    const std::string& why = broker.error().message();
    if (why != said) log_warn("waiting for the broker: " + why);
    said = why;
    std::this_thread::sleep_for(pause);
  }
}

void Session::set_up_logging() const {
  set_log_sink(make_stream_sink(STDERR_FILENO, log_format == "json" ? LogFormat::kJson : LogFormat::kText));
  if (const auto level = find_log_level(log_level)) set_log_level(*level);
}

Result<int> Session::print(const codec::Value& value) {
  put(codec::write_json(value) + "\n");
  return kOk;
}

int Session::report(const Error& error) const { return report(error, exit_code_of(error.code())); }

int Session::report(const Error& error, int code) const {
  std::string text = "windlass: " + printable(error.message());
  if (json) {
    codec::Value::Object object;
    object.push_back({"error", std::string(error_code_name(error.code()))});
    object.push_back({"message", error.message()});
    object.push_back({"exit_code", code});
    text = codec::write_json(object);
  }
  std::fprintf(stderr, "%s\n", text.c_str());
  return code;
}

}  // namespace windlass::app
