#include "broker/redis/operations.hpp"
#include "broker/redis/records.hpp"
namespace windlass::broker {
Result<std::optional<AggregationSet>> take_ready_group(Store&, const std::string&, const AggregationRules&, Duration) { return Error(ErrorCode::kUnsupported, "not written"); }
Result<EnqueueOutcome> finish_set(Store&, const AggregationSet&, const NewTask*) { return Error(ErrorCode::kUnsupported, "not written"); }
Status release_set(Store&, const AggregationSet&) { return Error(ErrorCode::kUnsupported, "not written"); }
}
