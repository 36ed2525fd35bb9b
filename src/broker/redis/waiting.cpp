#include "broker/redis/operations.hpp"
#include "broker/redis/records.hpp"
namespace windlass::broker {
std::unique_ptr<Waiter> make_waiter(Store&, std::vector<std::string>, WaitFor) { return nullptr; }
std::unique_ptr<CancelFeed> make_cancel_feed(Store&) { return nullptr; }
Status publish_cancels(Store&, std::span<const CancelRequest>) { return Error(ErrorCode::kUnsupported, "not written"); }
}
