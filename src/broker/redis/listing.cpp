#include "broker/redis/operations.hpp"
#include "broker/redis/records.hpp"
namespace windlass::broker {
Result<TaskPage> list_tasks(Store&, const ListRequest&) { return Error(ErrorCode::kUnsupported, "not written"); }
}
