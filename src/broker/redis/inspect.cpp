#include "broker/redis/operations.hpp"
#include "broker/redis/records.hpp"
namespace windlass::broker {
Result<std::vector<std::string>> read_queues(Store&) { return Error(ErrorCode::kUnsupported, "not written"); }
Result<QueueInfo> read_queue_info(Store&, const std::string&) { return Error(ErrorCode::kUnsupported, "not written"); }
Result<std::vector<DailyStats>> read_history(Store&, const std::string&, int) { return Error(ErrorCode::kUnsupported, "not written"); }
Result<std::vector<GroupInfo>> read_groups(Store&, const std::string&) { return Error(ErrorCode::kUnsupported, "not written"); }
Result<TaskInfo> read_task(Store&, const TaskRef&) { return Error(ErrorCode::kUnsupported, "not written"); }
}
