#include "broker/redis/operations.hpp"
#include "broker/redis/records.hpp"
namespace windlass::broker {
Status publish_scheduler(Store&, const SchedulerRecord&, Duration) { return Error(ErrorCode::kUnsupported, "not written"); }
Status clear_scheduler(Store&, const std::string&) { return Error(ErrorCode::kUnsupported, "not written"); }
Result<std::vector<SchedulerEntry>> read_scheduler_entries(Store&) { return Error(ErrorCode::kUnsupported, "not written"); }
Result<std::vector<std::optional<TimePoint>>> read_last_ticks(Store&, std::span<const std::string>) { return Error(ErrorCode::kUnsupported, "not written"); }
Result<std::vector<SchedulerEvent>> read_scheduler_events(Store&, const std::string&, std::size_t) { return Error(ErrorCode::kUnsupported, "not written"); }
}
