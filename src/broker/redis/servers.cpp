#include "broker/redis/operations.hpp"
#include "broker/redis/records.hpp"
namespace windlass::broker {
Status keep_owner_alive(Store&, const std::string&, Duration) { return Error(ErrorCode::kUnsupported, "not written"); }
Status publish_server(Store&, const ServerRecord&, Duration) { return Error(ErrorCode::kUnsupported, "not written"); }
Status clear_server(Store&, const std::string&) { return Error(ErrorCode::kUnsupported, "not written"); }
Result<std::vector<ServerInfo>> read_servers(Store&) { return Error(ErrorCode::kUnsupported, "not written"); }
}
