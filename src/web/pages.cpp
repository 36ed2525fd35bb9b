#include "web/pages.hpp"

#include <algorithm>

namespace windlass::web {

broker::TaskFilter filter_of(const http::Request& request, const std::string& queue, TaskState state, const std::string& group) {
  return {.queue = queue, .state = state, .group = group, .id_prefix = request.query.find("id").value_or(""),
          .type = request.query.find("type").value_or("")};
}

std::size_t shown_bytes_max(const TextLimits& limits) {
  constexpr std::size_t kCharacterBytesMax = 4;
  const std::size_t characters = std::max(limits.payload, limits.result);
  return characters < SIZE_MAX / 8 ? (characters + 1) * kCharacterBytesMax : SIZE_MAX;
}

Result<TaskPage> read_page(Site& site, const http::Request& request, const broker::TaskFilter& filter) {
  const auto size = number_of(request, "size", kPageSize, 1, kPageSizeMax);
  if (!size) return size.error();
  const auto page = number_of(request, "page", 1, 1, SIZE_MAX / kPageSizeMax);
  if (!page) return page.error();
  broker::ListRequest ask{.filter = filter, .cursor = request.query.find("cursor").value_or(""), .limit = *size,
                          .payload_max = shown_bytes_max(site.config.text)};
  std::size_t to_pass = ask.cursor.empty() ? (*page - 1) * *size : 0;
  if (to_pass > kPageDepthMax) {
    return Error(ErrorCode::kInvalidArgument, "page=" + std::to_string(*page) + " is too far away: go on with `next` as cursor");
  }
  while (to_pass > 0) {
    broker::ListRequest pass = ask;
    pass.limit = std::min(to_pass, kPageSizeMax);
    pass.payload_max = 0;
    auto passed = site.broker->list(pass);
    if (!passed) return passed.error();
    if (passed->next.empty()) return TaskPage{};
    to_pass -= passed->tasks.size();
    ask.cursor = std::move(passed->next);
  }
  return site.broker->list(ask);
}

}  // namespace windlass::web
