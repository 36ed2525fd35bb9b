#include "broker/redis/operations.hpp"
#include "broker/redis/records.hpp"
namespace windlass::broker {
Result<std::vector<ActionOutcome>> act_on_tasks(Store&, std::span<const TaskRef>, TaskAction) { return Error(ErrorCode::kUnsupported, "not written"); }
Result<BulkResult> act_in_bulk(Store&, const BulkRequest&) { return Error(ErrorCode::kUnsupported, "not written"); }
Status replace_payload(Store&, const TaskRef&, const Payload&) { return Error(ErrorCode::kUnsupported, "not written"); }
Status set_paused(Store&, const std::string&, bool) { return Error(ErrorCode::kUnsupported, "not written"); }
Status remove_queue(Store&, const std::string&, bool) { return Error(ErrorCode::kUnsupported, "not written"); }
Result<bool> empty_trash(Store&, const std::string&, std::size_t) { return Error(ErrorCode::kUnsupported, "not written"); }
}
