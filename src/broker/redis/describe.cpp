#include "broker/redis/operations.hpp"
#include "broker/redis/records.hpp"
namespace windlass::broker {
Result<std::vector<std::pair<std::string, std::string>>> describe_redis(Store&) { return Error(ErrorCode::kUnsupported, "not written"); }
}
