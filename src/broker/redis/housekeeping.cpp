#include "broker/redis/operations.hpp"
#include "broker/redis/records.hpp"
namespace windlass::broker {
Result<ForwardResult> forward_tasks(Store&, std::span<const std::string>, std::size_t) { return Error(ErrorCode::kUnsupported, "not written"); }
Result<std::vector<RecoveredTask>> recover_tasks(Store&, const RecoverRequest&) { return Error(ErrorCode::kUnsupported, "not written"); }
Result<CleanResult> clean_queues(Store&, const CleanRequest&) { return Error(ErrorCode::kUnsupported, "not written"); }
}
