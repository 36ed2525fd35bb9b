// Pages of tasks, by page number or by cursor, with payloads cut in the store.
#pragma once

#include "broker/broker.hpp"
#include "web/api.hpp"

namespace windlass::web {

inline constexpr std::size_t kPageSize = 20;
inline constexpr std::size_t kPageSizeMax = 1000;
inline constexpr std::size_t kPageDepthMax = 100000;  // tasks that are passed over to reach a page by its number

// Filters of the query: type (exact), id (prefix).
broker::TaskFilter filter_of(const http::Request& request, const std::string& queue, TaskState state, const std::string& group = {});

// The page that `page`, `size` and `cursor` of the query ask for. A cursor goes over a page number.
// Errors: those of Broker::list; kInvalidArgument (deeper than kPageDepthMax).
Result<TaskPage> read_page(Site& site, const http::Request& request, const broker::TaskFilter& filter);

// Bytes of a payload that a list needs to show so many characters.
std::size_t shown_bytes_max(const TextLimits& limits);

}  // namespace windlass::web
